public import Events

/// One kind of notice and how often it came.
public struct NoticeTally: Sendable, Hashable {
    /// The event's name.
    public let event: String
    /// The highest level that it came with.
    public internal(set) var level: Event.Level
    /// The words of the last one, untrusted, cut to 400 characters.
    public internal(set) var message: String
    /// Where the last one came from: zone, else node; empty when it named none.
    public internal(set) var place: String
    /// Within the incident.
    public internal(set) var total: Int
    /// Since the last message.
    public internal(set) var untold: Int

    static func worstFirst(_ a: NoticeTally, _ b: NoticeTally) -> Bool {
        if a.level != b.level { return a.level > b.level }
        if a.untold != b.untold { return a.untold > b.untold }
        return a.event < b.event
    }
}
