/// The name of the rule that spoke: what documents and events carry as `why`.
public struct Rule: Sendable, Hashable, CustomStringConvertible {
    public let name: String

    public init(_ name: String) { self.name = name }

    public var description: String { name }

    /// Over the warn limit.
    public static let absoluteWarn = Rule("abs_warn")
    /// Over the fail limit; for counts: proven to be.
    public static let absoluteFail = Rule("abs_fail")
    /// Worse than stable in this window.
    public static let worseInWindow = Rule("rel_warn_window")
    /// Worse than stable by more than the tolerated ratio, over the run.
    public static let worseOverRun = Rule("rel_fail_run")
    /// Grown against the last healthy attempts, or against the attempt before.
    public static let grown = Rule("prev_warn")
    /// Beyond the limit relative to the stable version's value.
    public static let relativeWarn = Rule("rel_warn")
    public static let relativeFail = Rule("rel_fail")
    /// Too few requests to judge.
    public static let insufficient = Rule("insufficient")
    /// No probe reported the signal.
    public static let missing = Rule("missing")
    /// The probe reported a number that is none.
    public static let notANumber = Rule("not_a_number")
}
