public import Events

/// What makes a machine's progress durable. Written whole or not at all.
public struct Checkpoint: Sendable, Equatable {
    /// Where a restored machine's reader begins.
    public let position: LogPosition
    /// The groups to store.
    let groups: [GroupState]
    /// What all groups share, in its durable form.
    let shared: String
    /// Keys whose state is to be deleted.
    public let removed: Set<String>

    /// Calls `body` with each state to store and its key, in order of the keys. Each is made when
    /// its turn comes: together they may take more memory than the groups themselves.
    public func forEachChanged<E: Error>(
        _ body: (_ key: String, _ state: String) throws(E) -> Void
    ) throws(E) {
        try body(SharedState.key, shared)
        for group in groups { try body(group.key.text, group.json) }
    }

    /// The states to store by key, all at once.
    public var changed: [String: String] {
        var changed: [String: String] = [:]
        forEachChanged { changed[$0] = $1 }
        return changed
    }
}
