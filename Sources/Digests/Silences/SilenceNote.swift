public import Events

/// The silence that held a group back, as its next message reports it.
public struct SilenceNote: Sendable, Hashable {
    /// The silence's id.
    public let id: String
    public let who: String
    public let why: String
    public let until: Timestamp
    /// The number of messages that were held back.
    public internal(set) var messages: Int
    /// Log lines of failures that began and ended within it and have no message.
    public internal(set) var unreported: Int

    init(
        id: String, who: String, why: String, until: Timestamp, messages: Int, unreported: Int
    ) {
        self.id = id.clipped(to: Bounds.name)
        self.who = who.clipped(to: Bounds.name)
        self.why = why.clipped(to: Bounds.words)
        self.until = until
        self.messages = messages
        self.unreported = unreported
    }

    /// The note after `silence` held back one more message.
    init(_ silence: Silence, until: Timestamp, after earlier: SilenceNote?) {
        self.init(
            id: silence.id, who: silence.who, why: silence.why, until: until,
            messages: (earlier?.messages ?? 0) +| 1, unreported: earlier?.unreported ?? 0)
    }
}
