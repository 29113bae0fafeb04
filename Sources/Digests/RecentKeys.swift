import Events

/// The keys of the groups that events came for lately: making one takes longer than
/// everything else that is done with most events.
///
/// Found by the grouping fields' values. Bounded: when full it begins anew.
struct RecentKeys: Sendable {
    private let names: [String]
    private var keys: [Int: GroupKey] = [:]
    /// Room for names in a storm beside those that have groups.
    private static let capacity = 2 * Bounds.groups

    init(names: [String]) { self.names = names }

    mutating func key(of event: Event) -> GroupKey {
        var hasher = Hasher()
        for name in names { hasher.combine(event.value(of: name)) }
        let hash = hasher.finalize()
        if let key = keys[hash], isKey(key, of: event) { return key }
        let key = GroupKey(of: event, by: names)
        guard isKey(key, of: event) else { return key }
        if keys.count >= Self.capacity { keys = [:] }
        keys[hash] = key
        return key
    }

    /// Whether the key says what the event does, field by field: one with a field that is absent
    /// or was cut doesn't, and is made each time.
    private func isKey(_ key: GroupKey, of event: Event) -> Bool {
        guard key.fields.count == names.count else { return false }
        for (name, field) in zip(names, key.fields) where event.value(of: name) != field.value {
            return false
        }
        return true
    }
}
