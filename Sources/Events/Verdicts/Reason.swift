/// Why a check did not pass: an element of `reasons` in the verdict document and the event.
public struct Reason: Sendable, Hashable {
    /// The check's id, such as `canary.5xx_rate`.
    public var check: String
    public var state: CheckState
    public var value: Double?
    public var limit: Double?
    public var stable: Double?
    public var previous: Double?
    /// The name of a rule: `abs_warn`, `abs_fail`, `rel_warn_window`, `rel_fail_run`,
    /// `insufficient`, …. For `nodata`, the probe's reason: `timeout`, `refused`,
    /// `no_sample_yet`, `stale`, ….
    public var why: String
    /// Untrusted free text from the probe; empty if the rule needs no detail.
    public var detail: String
    /// Whether the check is in dry run: it is listed but does not affect the verdict.
    public var advisory: Bool

    public init(
        check: String, state: CheckState, value: Double? = nil, limit: Double? = nil,
        stable: Double? = nil, previous: Double? = nil, why: String, detail: String = "",
        advisory: Bool = false
    ) {
        self.check = check
        self.state = state
        self.value = value
        self.limit = limit
        self.stable = stable
        self.previous = previous
        self.why = why
        self.detail = detail
        self.advisory = advisory
    }
}
