/// Why a check did not pass: an element of `reasons` in the verdict document and the event.
public struct Reason: Sendable, Hashable {
    /// The check's id, such as `canary.5xx_rate`.
    public var check: String
    public var state: CheckState
    /// The number that the rule judged: of this window, or of the run for `rel_fail_run`.
    public var value: Double?
    public var limit: Double?
    /// The stable version's number beside `value`, of the same window or run.
    public var stable: Double?
    /// The value at the previous attempt; for `prev_warn` the one that the growth is measured from,
    /// such as the median of the last healthy attempts.
    public var previous: Double?
    /// The unit of `value` and `stable`; nil for the unit of the check. The share of slow
    /// requests of a latency check is a ratio.
    public var unit: MetricUnit?
    /// The fail limit that the value is over while its confidence interval is not.
    public var unproven: Unproven?
    /// The name of a rule: `abs_warn`, `abs_fail`, `rel_warn_window`, `rel_fail_run`,
    /// `insufficient`, …. For `nodata`, the probe's reason: `timeout`, `refused`,
    /// `no_sample_yet`, `stale`, ….
    public var why: String
    /// Untrusted free text from the probe; empty if the rule needs no detail.
    public var detail: String
    /// Whether the check is in dry run: it is listed but does not affect the verdict.
    public var advisory: Bool

    /// A fail limit that the value exceeds without proof.
    public struct Unproven: Sendable, Hashable {
        /// The fail limit.
        public var limit: Double
        /// The lower confidence bound of the value, at most `limit`.
        public var bound: Double
        /// The confidence of the bound, 0 to 1.
        public var confidence: Double

        public init(limit: Double, bound: Double, confidence: Double) {
            self.limit = limit
            self.bound = bound
            self.confidence = confidence
        }
    }

    public init(
        check: String, state: CheckState, value: Double? = nil, limit: Double? = nil,
        stable: Double? = nil, previous: Double? = nil, unit: MetricUnit? = nil,
        unproven: Unproven? = nil, why: String, detail: String = "", advisory: Bool = false
    ) {
        self.check = check
        self.state = state
        self.value = value
        self.limit = limit
        self.stable = stable
        self.previous = previous
        self.unit = unit
        self.unproven = unproven
        self.why = why
        self.detail = detail
        self.advisory = advisory
    }
}
