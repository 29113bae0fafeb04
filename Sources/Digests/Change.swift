public import Events

/// A difference from the last message of the incident, which messages show first.
public enum Change: Sendable, Hashable {
    /// A place fails that was not reported before.
    case place(az: String, node: String, status: VerdictStatus)
    /// The status of a reported place is worse.
    case worse(az: String, node: String, from: VerdictStatus, to: VerdictStatus)
    /// A metric is over its limit that was not reported before.
    case metric(String)
    /// One more unhealthy attempt aborts the run.
    case lastChance
    /// The failure limit is reached: the caller aborts the run.
    case failureLimit
    /// The limit of inconclusive attempts is reached: the caller pauses the rollout.
    case inconclusiveLimit
    /// The rollout is paused until a person decides.
    case paused
    /// A kind of notice that was not reported before.
    case notice(String)
    case policy
    case binary
    /// The group fails and recovers repeatedly.
    case flapping
    /// Somebody looks after it.
    case acknowledged
    /// Nobody looks after it any more.
    case released
    /// Runs of a storm that ended or wait since its last message: the first of their groups, and
    /// how many there are.
    case runs(Turn, groups: [GroupKey], count: Int)

    /// What became of runs.
    public enum Turn: Sendable, Hashable {
        case aborted
        /// A limit is reached: the caller aborts the run or pauses the rollout.
        case atLimit
        case paused
    }
}
