import Core
import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("DedicatedThread")
struct DedicatedThreadTests {
    /// What a thread found out about itself.
    private final class Found: Sendable {
        let name = Mutex("")
        let nice = Mutex<Int?>(nil)
    }

    #if os(Linux)
        /// Runs a body on a thread and waits for its end.
        private func run(_ priority: BlockingExecutor.Priority) async throws -> Found {
            let (found, ended) = (Found(), TestGate())
            let isStarted = DedicatedThread.start("a-name", priority: priority) {
                let own = "/proc/thread-self/"
                let comm = (try? String(contentsOfFile: own + "comm", encoding: .utf8)) ?? ""
                let stat = (try? String(contentsOfFile: own + "stat", encoding: .utf8)) ?? ""
                found.name.withLock { $0 = comm }
                // Field 19; the name before it, in parentheses, is field 2.
                let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
                found.nice.withLock { $0 = fields.count > 16 ? Int(fields[16]) : nil }
                Task { await ended.pass() }
            }
            try #require(isStarted)
            await ended.arrivals()
            ended.open()
            return found
        }

        @Test("the thread has its name and its priority, and others keep theirs")
        func properties() async throws {
            let normal = try await run(.normal)
            let low = try await run(.low)
            let again = try await run(.normal)
            #expect(normal.name.withLock { $0 } == "a-name\n")
            #expect(low.name.withLock { $0 } == "a-name\n")
            let nice = try #require(normal.nice.withLock { $0 })
            #expect(low.nice.withLock { $0 } == min(nice + 10, 19))
            #expect(again.nice.withLock { $0 } == nice)
        }
    #endif

    @Test("each body runs once, on a thread of its own that may block")
    func together() async throws {
        let (begun, release) = (TestGate(), DispatchSemaphore(value: 0))
        for _ in 0..<100 {
            let isStarted = DedicatedThread.start("blocks") {
                Task { await begun.pass() }
                release.wait()
            }
            try #require(isStarted)
        }
        await begun.arrivals(100)
        #expect(begun.arrived == 100)
        begun.open()
        for _ in 0..<100 { release.signal() }
    }
}
