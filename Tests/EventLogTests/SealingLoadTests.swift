import Dispatch
import Events
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import EventLog

@Suite("Sealing beside appends")
struct SealingLoadTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    @Test("appends are acknowledged and read while sealing is blocked")
    func standsStill() async throws {
        let disk = FaultyFileSystem()
        let began = Mutex(false)
        let gate = DispatchSemaphore(value: 0)
        disk.fail { call, path in
            if call == .write, path.hasSuffix(".gz.tmp"), !began.withLock({ $0 }) {
                began.withLock { $0 = true }
                gate.wait()
            }
            return nil
        }
        let eventLog = try await log.open(files: disk) { $0.segmentBytes = 64 * 1024 }
        var lines: [String] = []
        for part in 0..<10 {
            let some = (1...50).map { senderLine(part * 50 + $0, padding: 1500) }
            _ = try await eventLog.ingest(body(some))
            lines += some
            if part == 2 {
                try await eventually("sealing began") { began.withLock { $0 } }
                #expect(try log.archives().isEmpty)
            }
        }
        #expect(eventLog.status.unsealed >= 5)
        #expect(try log.archives().isEmpty)
        var reader = eventLog.reader(from: .start)
        #expect(try await reader.texts() == lines)
        gate.signal()
        await eventLog.maintain()
        await eventLog.settle()
        #expect(eventLog.status.unsealed == 0)
        var again = eventLog.reader(from: .start)
        #expect(try await again.texts() == lines)
        await eventLog.close()
    }

    #if os(Linux)
        @Test("the sealing thread has a lower priority than the writing thread")
        func givesWay() async throws {
            let eventLog = try await log.open()
            // Threads set their names and nice values only after they have started.
            try await eventually("the threads that seal give way") {
                let (writers, sealers) = (Self.nices("log-writer"), Self.nices("log-sealer"))
                guard let least = writers.min(), !sealers.isEmpty else { return false }
                return sealers.allSatisfy { $0 >= min(19, least + 10) }
            }
            await eventLog.close()
        }

        /// The nice values of this process's threads with that name.
        private static func nices(_ name: String) -> [Int] {
            let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task"))
            return (tasks ?? []).compactMap { task in
                let path = "/proc/self/task/\(task)/stat"
                guard let stat = try? String(contentsOfFile: path, encoding: .utf8),
                    let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")"),
                    stat[stat.index(after: open)..<close] == name
                else { return nil }
                // Field 19 of the line; the first field after the name is the third.
                return Int(stat[close...].split(separator: " ")[17])
            }
        }
    #endif
}
