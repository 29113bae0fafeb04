/// The limits of the state of groups.
///
/// What exceeds a limit is counted but not stored, so that a storm of events
/// does not need more memory.
enum Bounds {
    /// How long a rehearsal without a reported end marks failures.
    static let rehearsal = Duration.seconds(3600)
    /// Groups, quiet ones included.
    static let groups = 2048
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
    static let incidentStarts = 16
    /// Groups that the message of a node fault names.
    static let echoes = 8

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
