/// The limits of the state of groups.
///
/// What exceeds a limit is counted but not stored, so that a storm of events
/// does not need more memory.
enum Bounds {
    /// How long a rehearsal without a reported end marks failures.
    static let rehearsal = Duration.seconds(3600)
    /// Groups, quiet ones included.
    static let groups = 2048
    /// Quiet groups whose states are kept when a state file is rebuilt.
    static let rebuiltQuiet = 1024
    /// Places (zone and node) in one group.
    static let sources = 32
    /// Places, and metrics of places, of all groups together; `StateBudget` grants them.
    static let places = 4096
    static let tracks = 16_384
    static let lanes = 8
    static let metrics = 16
    /// Attempts of one metric that a sparkline shows.
    static let history = 16
    /// Attempts of one incident that are stored one by one.
    static let attempts = 64
    static let reasons = 16
    static let notices = 16
    /// Policies, and binaries, of one incident.
    static let versions = 4
    /// Group members that a roll-up names.
    static let members = 40
    static let incidentStarts = 64
    /// How long lines that arrive together are gathered for a message that does not wait for
    /// its window.
    static let gathering = Duration.milliseconds(250)
    /// How long an urgent message waits for a reader that is behind the log's head.
    static let patience = Duration.seconds(1)
    /// Messages of one group in a window that are sent at once for a new zone or a worse verdict.
    /// The end of a run and a reached limit are always reported at once.
    static let burst = 3
    /// Verdicts no later than this after the end of a run may belong to it.
    static let stragglers = Duration.seconds(60)
    /// How long a rollout that waits for a person is reported again and again.
    static let waiting = Duration.seconds(24 * 3600)
    /// Groups that the message of a node fault names.
    static let suppressedNames = 8

    /// Groups that the message of a storm names.
    static let worst = 10
    /// How long after its last verdict a group counts as measured.
    static let present = Duration.seconds(600)
    /// Storms at one time.
    static let storms = 16
    /// Messages of the last minute that are kept for each receiver.
    static let recentMessages = 64

    // Text, in Unicode scalars.
    static let name = 256
    static let words = 400
}

extension String {
    /// The text itself, or its first `limit` Unicode scalars and an ellipsis.
    func clipped(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        let scalars = unicodeScalars
        guard
            let cut = scalars.index(
                scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex),
            cut < scalars.endIndex
        else { return self }
        return String(scalars[..<cut]) + "…"
    }
}
