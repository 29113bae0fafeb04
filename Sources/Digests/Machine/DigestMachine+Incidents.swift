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
    /// Who looks after it.
    public let acknowledgement: Acknowledgement?
}

extension DigestMachine {
    /// The open incidents, worst first, then the earliest.
    public var openIncidents: [OpenIncident] {
        let storms = shared.storms.map { storm in
            OpenIncident(
                id: storm.id,
                group: GroupKey(storm.shared.map { GroupKey.Field($0.kind.rawValue, $0.value) }),
                since: storm.start, worst: storm.worst, messages: storm.ordinal,
                silencedUntil: nil, acknowledgement: storm.acknowledgement)
        }
        let groups = table.groups.indices.compactMap { OpenIncident(table.groups[$0].live) }
        return [storms, groups].flatMap { $0 }.sorted(by: OpenIncident.worstFirst)
    }

    /// The open incidents whose message a silence with this filter would hold back, if it was
    /// composed now.
    public func incidents(silencedBy filter: Filter, at now: Timestamp) -> [OpenIncident] {
        table.groups.indices.compactMap { place -> OpenIncident? in
            let state = table.groups[place].live
            guard let incident = state.incident else { return nil }
            let digest = Digest(
                of: state, incident: incident, composedAt: now, shed: 0, silent: false,
                settings: settings)
            return filter.covers(digest) ? OpenIncident(state) : nil
        }.sorted(by: OpenIncident.worstFirst)
    }
}

extension OpenIncident {
    fileprivate init?(_ state: GroupState) {
        guard let incident = state.incident else { return nil }
        self.init(
            id: incident.id, group: state.key, since: incident.start, worst: incident.worst,
            messages: incident.ordinal, silencedUntil: state.silencedUntil,
            acknowledgement: incident.acknowledgement)
    }

    fileprivate static func worstFirst(_ a: OpenIncident, _ b: OpenIncident) -> Bool {
        a.worst != b.worst
            ? (a.worst ?? .healthy) > (b.worst ?? .healthy) : (a.since, a.id) < (b.since, b.id)
    }
}
