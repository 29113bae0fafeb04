/// Why a check did not pass: the verdict document's and the event's `reasons` member.
public struct Reason: Sendable, Hashable {
    /// The check's id, `canary.5xx_rate`.
    public var check: String
    public var state: CheckState
    public var value: Double?
    public var limit: Double?
    public var stable: Double?
    public var previous: Double?
    /// A rule's name: `abs_warn`, `abs_fail`, `rel_warn_window`, `rel_fail_run`,
    /// `insufficient`, …; for `nodata` the probe's reason, `timeout`, `refused`,
    /// `no_sample_yet`, `stale`, ….
    public var why: String
    /// Free words from the probe, untrusted; empty when the rule says it all.
    public var detail: String
    /// From a check in dry run: listed, but not why the verdict is what it is.
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
