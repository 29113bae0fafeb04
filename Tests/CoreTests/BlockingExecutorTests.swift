import Core
import Dispatch
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("BlockingExecutor")
struct BlockingExecutorTests {
    private struct Failure: Error, Equatable {}

    /// How many calls run, and how many ran at once at most.
    private final class Running: Sendable {
        private let counts = Mutex((now: 0, most: 0))

        func begin() {
            counts.withLock { counts in
                counts.now += 1
                counts.most = max(counts.most, counts.now)
            }
        }

        func end() { counts.withLock { $0.now -= 1 } }

        var most: Int { counts.withLock { $0.most } }
    }

    @Test("results and errors of the work are returned")
    func results() async throws {
        let executor = BlockingExecutor("test")
        #expect(await executor.run { 42 } == 42)
        await #expect(throws: Failure()) {
            try await executor.run { () throws(Failure) -> Int in throw Failure() }
        }
    }

    #if canImport(Glibc)
        @Test(
            "work of low priority runs on threads that yield to others, whoever submits it",
            arguments: [TaskPriority.high, .medium, .background])
        func priority(submitter: TaskPriority) async {
            let low = BlockingExecutor("test", width: 2, priority: .low)
            let normal = BlockingExecutor("test")
            // On Linux, the nice value belongs to the thread.
            let values = await Task(priority: submitter) {
                let nice = { @Sendable in getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
                }
                return (await low.run { nice() }, await normal.run { nice() })
            }.value
            #expect(values.0 >= 10)
            let bodies = await BlockingExecutor.bodies.run {
                getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
            }
            #expect(bodies >= 10)
            #expect(values.0 > values.1)
        }
    #endif

    @Test("work knows whether it runs with low priority")
    func isLow() async {
        #expect(!BlockingExecutor.isLow)
        let (low, normal) = (BlockingExecutor("test", priority: .low), BlockingExecutor("test"))
        #expect(await low.run { BlockingExecutor.isLow })
        #expect(await !normal.run { BlockingExecutor.isLow })
    }

    @Test("with a width of 1, work runs in the order of its submission")
    func order() async {
        let executor = BlockingExecutor("test")
        let seen = Mutex<[Int]>([])
        for number in 0..<100 { executor.start { seen.withLock { $0.append(number) } } }
        await executor.run {}
        #expect(seen.withLock { $0 } == Array(0..<100))
    }

    @Test("as many calls as its width run at once, and no more")
    func width() async {
        let executor = BlockingExecutor("test", width: 3)
        let (arrived, proceed) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let running = Running()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<9 {
                group.addTask {
                    await executor.run {
                        running.begin()
                        arrived.signal()
                        proceed.wait()
                        running.end()
                    }
                }
            }
            // Each round starts only when three calls block at once.
            let other = BlockingExecutor("other")
            for _ in 0..<3 {
                await other.run {
                    for _ in 0..<3 { arrived.wait() }
                    for _ in 0..<3 { proceed.signal() }
                }
            }
        }
        #expect(running.most == 3)
    }

    @Test("a call that hangs delays no other executor")
    func isolation() async {
        let release = DispatchSemaphore(value: 0)
        let hanging = (0..<64).map { _ in BlockingExecutor("hanging") }
        for executor in hanging { executor.start { release.wait() } }
        #expect(await BlockingExecutor("other").run { true })
        for _ in hanging { release.signal() }
        for executor in hanging { await executor.run {} }
    }
}
