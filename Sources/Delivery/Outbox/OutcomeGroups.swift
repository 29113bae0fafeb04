import Synchronization

/// Records what ends at about the same time in groups.
///
/// While one group is being recorded, the items that arrive wait and become the next group. With
/// many deliveries at once, each would otherwise wait for the disk for itself. Thread-safe.
final class OutcomeGroups<Item: Sendable, Outcome: Sendable>: Sendable {
    /// What a task does that has an item to record.
    private enum Turn: Sendable {
        /// It records its own item, with those that wait by then.
        case record
        /// Another task has recorded its item; nil if that failed.
        case recorded(Outcome?)
    }

    private struct Waiting: Sendable {
        let item: Item
        let task: CheckedContinuation<Turn, Never>
    }

    private struct State: Sendable {
        var isRecording = false
        var waiting: [Waiting] = []
    }

    private let state = Mutex(State())

    /// The number of items that wait for the next group.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Records the item, alone or with others; returns its outcome once it is recorded.
    ///
    /// - Parameter record: Records items and returns an outcome for each, in order; nil if it
    ///   failed for all.
    func record(
        _ item: Item, with record: @Sendable ([Item]) async -> [Outcome]?
    ) async -> Outcome? {
        let turn = await withCheckedContinuation { (task: CheckedContinuation<Turn, Never>) in
            let isFirst = state.withLock { state -> Bool in
                if state.isRecording {
                    state.waiting.append(Waiting(item: item, task: task))
                    return false
                }
                state.isRecording = true
                return true
            }
            if isFirst { task.resume(returning: Turn.record) }
        }
        if case .recorded(let outcome) = turn { return outcome }
        let others = state.withLock { state -> [Waiting] in
            defer { state.waiting = [] }
            return state.waiting
        }
        let outcomes = await record([item] + others.map(\.item))
        var rest = outcomes?.dropFirst()
        for other in others { other.task.resume(returning: .recorded(rest?.popFirst())) }
        // The next task records those that arrived meanwhile: nobody records for ever.
        let next = state.withLock { state -> Waiting? in
            if state.waiting.isEmpty {
                state.isRecording = false
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.task.resume(returning: .record)
        return outcomes?.first
    }
}
