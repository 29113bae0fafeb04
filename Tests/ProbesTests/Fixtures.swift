import Events
import Synchronization

@testable import Probes

/// The window is the `length` before `now`.
func context(
    now: Timestamp = Timestamp(milliseconds: 1_766_000_000_000), length: Duration = .seconds(30),
    allowance: Duration = .seconds(10)
) -> MeasurementContext {
    MeasurementContext(
        window: MeasurementWindow(start: now - length, end: now), now: now, allowance: allowance)
}

extension [Signal] {
    subscript(name: String) -> Signal? { first { $0.name == name } }

    func number(_ name: String) -> Double? { self[name]?.number }

    /// The reason of an absent signal; nil when it has a value.
    func reason(_ name: String) -> MissingDataReason? {
        guard case .absent(let why, _)? = self[name]?.value else { return nil }
        return MissingDataReason(rawValue: why)
    }
}

/// A gate that opens once. Waiting ignores cancellation.
final class Latch: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .sequentiallyConsistent) }
    @discardableResult func add() -> Int {
        count.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
    }
}
