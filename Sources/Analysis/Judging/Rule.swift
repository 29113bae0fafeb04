/// The name of a rule, which documents and events contain as `why`.
public struct Rule: Sendable, Hashable, CustomStringConvertible {
    public let name: String

    public init(_ name: String) { self.name = name }

    public var description: String { name }

    /// Beyond the warn limit.
    public static let absoluteWarn = Rule("abs_warn")
    /// Beyond the fail limit; with counts, the whole confidence interval is.
    public static let absoluteFail = Rule("abs_fail")
    /// Worse than stable in this window.
    public static let worseInWindow = Rule("rel_warn_window")
    /// Worse than stable by more than the tolerated ratio, over the run.
    public static let worseOverRun = Rule("rel_fail_run")
    /// The same, but this window adds nothing to the run's evidence.
    public static let wasWorseInRun = Rule("rel_warn_run")
    /// Grown against the last healthy attempts or against the previous attempt.
    public static let grown = Rule("prev_warn")
    /// Beyond the limit relative to the stable version's value.
    public static let relativeWarn = Rule("rel_warn")
    public static let relativeFail = Rule("rel_fail")
    /// Too few requests to judge.
    public static let insufficient = Rule("insufficient")
    /// No probe reported the signal.
    public static let missing = Rule("missing")
    /// The quantile lies above the highest edge of its histogram, which is not beyond the limit: it may
    /// be.
    public static let aboveBuckets = Rule("above_buckets")
    /// A yes or no was expected, and the number is neither 1 nor 0.
    public static let notAFlag = Rule("not_a_flag")
    /// A proportion was expected, and the number is greater than 1, such as a percentage.
    public static let notAProportion = Rule("not_a_proportion")
    /// The probe reported NaN or an infinite number.
    public static let notANumber = Rule("not_a_number")
}
