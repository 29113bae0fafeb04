import Core
import Dispatch
import Events
import Foundation
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import EventLog

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Clients' queries leave processors to measurements")
struct QueryPriorityTests {
    @Test("parallel work of low priority uses at most half of the processors, in order")
    func width() async {
        let threads = Mutex<Set<String>>([])
        let low = BlockingExecutor("test", priority: .low)
        let results = await low.run {
            ParallelWork.map(500) { i -> Int in
                threads.withLock { _ = $0.insert("\(pthread_self())") }
                return (0..<2000).reduce(i) { $0 ^ $1 } ^ (0..<2000).reduce(0) { $0 ^ $1 }
            }
        }
        #expect(results == Array(0..<500))
        #expect(threads.withLock { $0.count } <= BlockingExecutor.lowWidth)
        let all = await BlockingExecutor("test").run { ParallelWork.map(500) { $0 } }
        #expect(all == Array(0..<500))
    }

    #if canImport(Glibc)
        @Test("what clients ask for is read with low priority, what the node itself reads is not")
        func priority() async throws {
            let log = try TestLog()
            let nice = Mutex<Set<Int32>>([])
            let eventLog = try await EventLog.open(
                log.configuration(), clock: log.clock.wall, telemetry: .silent,
                files: PosixFileSystem(),
                examine: { reader, _ in
                    guard reader == .query else { return }
                    let value = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
                    nice.withLock { _ = $0.insert(value) }
                })
            for number in 0..<10 { try await eventLog.append(log.event(message: "\(number)")) }
            let query = EventLogQuery(where: .equal("event", "analysis.healthy"))
            let files = eventLog.reaching(query, from: .start)
            var reader = files.reader(query: query)
            #expect(try await reader.all().count == 10)
            #expect(try await files.last(5, query: query).lines.count == 5)
            #expect(try await files.count(by: "event", query: query).total == 10)
            reader = eventLog.reader(from: .start, query: query, isNarrow: true)
            #expect(try await reader.all().count == 10)
            let clients = try #require(nice.withLock { $0.min() })
            nice.withLock { $0 = [] }
            reader = eventLog.reader(from: .start, query: query)
            #expect(try await reader.all().count == 10)
            let own = try #require(nice.withLock { $0.max() })
            #expect(clients > own)
            await eventLog.close()
        }
    #endif
}
