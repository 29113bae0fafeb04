public import Events

/// What people are told of the silence that held a group back until now.
public struct SilenceNote: Sendable, Hashable {
    /// The silence's id.
    public let id: String
    public let who: String
    public let why: String
    public let until: Timestamp

    init(id: String, who: String, why: String, until: Timestamp) {
        self.id = id.clipped(to: Bounds.name)
        self.who = who.clipped(to: Bounds.name)
        self.why = why.clipped(to: Bounds.words)
        self.until = until
    }
}
