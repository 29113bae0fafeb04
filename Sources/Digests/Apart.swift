/// A large value kept apart from its owner, which so stays small where there is none; copied
/// when it is written to while it has another owner.
struct Apart<Value: Sendable & Hashable>: Sendable, Hashable {
    // Unchecked, and safe: only `value` reaches it, which reads what no one else writes, since
    // it writes only where this owner is the only one, and makes a copy first elsewhere.
    private final class Storage: @unchecked Sendable {
        // Exclusive because its one owner is: no need to look at each access.
        @exclusivity(unchecked) var value: Value

        init(_ value: Value) { self.value = value }
    }

    private var storage: Storage

    init(_ value: Value) { storage = Storage(value) }

    var value: Value {
        get { storage.value }
        _modify {
            if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.value) }
            yield &storage.value
        }
    }

    static func == (a: Self, b: Self) -> Bool { a.storage === b.storage || a.value == b.value }

    func hash(into hasher: inout Hasher) { hasher.combine(value) }
}
