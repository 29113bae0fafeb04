public import Events

/// An incident that has not ended, for people who look at the node.
public struct OpenIncident: Sendable, Hashable {
    /// The thread of its messages.
    public let id: String
    public let group: GroupKey
    public let since: Timestamp
    /// The worst verdict; nil if it has only notices.
    public let worst: VerdictStatus?
    /// The number of messages so far.
    public let messages: Int
    /// Until when a silence holds its messages back.
    public let silencedUntil: Timestamp?
}

extension DigestMachine {
    /// The open incidents, worst first, then the earliest.
    public var openIncidents: [OpenIncident] {
        table.groups.indices.compactMap { place -> OpenIncident? in
            let state = table.groups[place].live
            guard let incident = state.incident else { return nil }
            return OpenIncident(
                id: incident.id, group: state.key, since: incident.start, worst: incident.worst,
                messages: incident.ordinal, silencedUntil: state.silencedUntil)
        }.sorted { a, b in
            a.worst != b.worst
                ? (a.worst ?? .healthy) > (b.worst ?? .healthy) : (a.since, a.id) < (b.since, b.id)
        }
    }
}
