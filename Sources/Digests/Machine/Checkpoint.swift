public import Events

/// The changes of a machine's state to store in one transaction.
public struct Checkpoint: Sendable, Equatable {
    /// The log position at which the reader of a restored machine starts.
    public let position: LogPosition
    /// The groups to store.
    let groups: [GroupState]
    /// The stored form of the state that all groups share.
    let shared: String
    /// Which of `groups` a decision changed: their states do not follow from the log's lines alone.
    var decided: Set<GroupKey> = []
    /// Keys of the states to delete.
    public let removed: Set<String>

    /// Calls `body` with each key and state to store, ascending by key. States are serialized one
    /// at a time: together they may need more memory than the groups themselves.
    public func forEachChanged<E: Error>(
        _ body: (_ key: String, _ state: String) throws(E) -> Void
    ) throws(E) {
        try body(SharedState.key, shared)
        for group in groups { try body(group.key.text, group.json) }
    }

    /// The key and state of each group that a decision changed, and the shared state; empty if
    /// there was no decision.
    public var decisions: [(key: String, state: String)] {
        if decided.isEmpty { return [] }
        var decisions = [(key: SharedState.key, state: shared)]
        for group in groups where decided.contains(group.key) {
            decisions.append((group.key.text, group.json))
        }
        return decisions
    }

    /// All states to store, by key.
    public var changed: [String: String] {
        var changed: [String: String] = [:]
        forEachChanged { changed[$0] = $1 }
        return changed
    }
}
