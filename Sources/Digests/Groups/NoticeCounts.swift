public import Events

/// One kind of notice, with the number of its occurrences.
public struct NoticeCounts: Sendable, Hashable {
    /// The event's name.
    public let event: String
    /// The highest level of the occurrences.
    public internal(set) var level: Event.Level
    /// The message of the last one, untrusted, cut to 400 characters.
    public internal(set) var message: String
    /// The zone of the last one, else its node; empty if it has neither.
    public internal(set) var place: String
    /// Occurrences within the incident.
    public internal(set) var total: Int
    /// Occurrences since the last message.
    public internal(set) var unreported: Int

    static func worstFirst(_ a: NoticeCounts, _ b: NoticeCounts) -> Bool {
        if a.level != b.level { return a.level > b.level }
        if a.unreported != b.unreported { return a.unreported > b.unreported }
        return a.event < b.event
    }
}
