/// A large value in a heap object of its own, copied on write.
///
/// An optional of it keeps its owner small while there is no value.
struct CopyOnWriteBox<Value: Sendable & Hashable>: Sendable, Hashable {
    // Unchecked but safe: only `value` accesses the storage. It writes only to a uniquely
    // referenced storage and copies a shared one first.
    private final class Storage: @unchecked Sendable {
        // Access to the owner is exclusive already, so a check of each access is not needed.
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
