import Core
import Synchronization
import TestSupport
import Testing

@Suite("WakeSignal")
struct WakeSignalTests {
    private let signal = WakeSignal()

    private final class Counter: Sendable {
        private let count = Atomic(0)
        func add() { count.add(1, ordering: .sequentiallyConsistent) }
        var value: Int { count.load(ordering: .sequentiallyConsistent) }
    }

    @Test("a signal that nobody waits for ends the next wait, and that one only")
    func pending() async {
        let clock = ManualClock()
        signal.send()
        signal.send()
        await signal.wait()
        // The next one waits: only the time ends it.
        let waiting = Task { await signal.wait(atMost: .seconds(10), on: clock) }
        await clock.sleepers()
        clock.advance(by: .seconds(10))
        await waiting.value
    }

    @Test("a signal ends a wait before its time, and a cancelled wait ends at once")
    func ends() async {
        let clock = ManualClock()
        let signalled = Task { await signal.wait(atMost: .seconds(10), on: clock) }
        await clock.sleepers()
        signal.send()
        await signalled.value
        let cancelled = Task { await signal.wait(atMost: .seconds(10), on: clock) }
        await clock.sleepers()
        cancelled.cancel()
        await cancelled.value
    }

    @Test("one that waits for what others do misses none of it")
    func together() async {
        let done = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<500 {
                group.addTask {
                    done.add()
                    signal.send()
                }
            }
            while done.value < 500 { await signal.wait() }
        }
        #expect(done.value == 500)
    }
}
