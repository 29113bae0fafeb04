import Events

/// The keys of the groups that events came for lately: making one takes longer than
/// everything else that is done with most events.
///
/// Found by the grouping fields' values. Bounded: when full it begins anew.
struct RecentKeys: Sendable {
    private let names: [String]
    private var keys: [Int: Entry] = [:]
    private static let capacity = 1024

    private struct Entry: Sendable {
        let values: [String?]
        let key: GroupKey
    }

    init(names: [String]) { self.names = names }

    mutating func key(of event: Event) -> GroupKey {
        var hasher = Hasher()
        for name in names { hasher.combine(event.value(of: name)) }
        let hash = hasher.finalize()
        if let entry = keys[hash], isSame(entry.values, event) { return entry.key }
        let key = GroupKey(of: event, by: names)
        // Without any of the fields its key comes from elsewhere.
        let values = names.map { event.value(of: $0) }
        guard values.contains(where: { $0?.isEmpty == false }) else { return key }
        if keys.count >= Self.capacity { keys = [:] }
        keys[hash] = Entry(values: values, key: key)
        return key
    }

    private func isSame(_ values: [String?], _ event: Event) -> Bool {
        for (name, value) in zip(names, values) where event.value(of: name) != value {
            return false
        }
        return true
    }
}
