public import Events

/// What is different from the last message of the incident: shown first.
public enum Change: Sendable, Hashable {
    /// A place fails that was not told of.
    case place(az: String, node: String, status: VerdictStatus)
    /// A place that was told of got worse.
    case worse(az: String, node: String, from: VerdictStatus, to: VerdictStatus)
    /// A metric is over its limit that was not told of.
    case metric(String)
    /// One more unhealthy attempt aborts the run.
    case lastChance
    /// A kind of notice that was not told of.
    case notice(String)
    case policy
    case binary
    /// The group fails and recovers again and again.
    case flapping
}
