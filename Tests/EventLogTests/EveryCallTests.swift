import Events
import Foundation
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import EventLog

/// Counts the calls of one sort and fails one of them.
final class OneFault: Sendable {
    private let state = Mutex((made: 0, failed: ""))
    private let onlyReads: Bool
    let place: Int
    let code: Int32

    /// - Parameters:
    ///   - place: The number of the call that fails, from 1; 0: none fails.
    ///   - onlyReads: Whether the calls that only read count, or the others.
    init(at place: Int, code: Int32, onlyReads: Bool = false) {
        self.place = place
        self.code = code
        self.onlyReads = onlyReads
    }

    func decide(_ call: FaultyFileSystem.Call, _ path: String) -> Int32? {
        guard call.onlyReads == onlyReads else { return nil }
        return state.withLock { state in
            state.made += 1
            guard state.made == place else { return nil }
            state.failed = "\(call) \(path.split(separator: "/").last ?? "")"
            return code
        }
    }

    var made: Int { state.withLock { $0.made } }
    /// The name and file of the failed call.
    var failed: String { state.withLock { $0.failed } }
}

/// Runs a log's whole life once for each call that changes the disk, and fails that one call.
///
/// Covers opening, writing, rotating, sealing, side files and closing. `EveryReadTests` fails the
/// calls that only read.
@Suite("Each call that changes the disk fails once")
struct EveryCallTests {
    private static let bodies = 9

    private static func lines(_ round: Int) -> [String] {
        (1...10).map { senderLine(round * 10 + $0, padding: 2000) }
    }

    /// Sends every body until it is acknowledged.
    private static func live(_ log: TestLog, _ fault: OneFault) async throws {
        let disk = FaultyFileSystem()
        disk.fail { fault.decide($0, $1) }
        let change: (inout EventLogConfiguration) -> Void = {
            $0.segmentBytes = 64 * 1024
            $0.ballastBytes = 128 * 1024
        }
        let eventLog: EventLog
        do throws(EventLogError) {
            eventLog = try await EventLog.open(
                log.configuration(change), clock: log.clock.wall, telemetry: .silent, files: disk)
        } catch {
            // The open failed with this error; the next attempt succeeds.
            guard case .system(_, _, fault.code) = error else { throw error }
            eventLog = try await log.open(files: disk, change)
        }
        for round in 0..<bodies {
            var tries = 0
            while true {
                do throws(EventLogError) {
                    let receipt = try await eventLog.ingest(body(lines(round)))
                    #expect(receipt.accepted + receipt.duplicates == 10)
                    break
                } catch {
                    guard case .shedding = error, tries < 5 else { throw error }
                    tries += 1
                    await eventLog.maintain()
                }
            }
        }
        await eventLog.settle()
        await eventLog.maintain()
        await eventLog.settle()
        #expect(eventLog.status.shedding == nil, "\(fault.failed)")
        await eventLog.close()
    }

    /// The sender's lines, without the log's own events.
    private static func texts(_ reader: EventLogReader) async throws -> [String] {
        var reader = reader
        return try await reader.texts().filter { $0.contains(#""node":"gw-b""#) }
    }

    @Test(
        "no failure loses or duplicates a line, and service resumes", arguments: [5, 28] as [Int32])
    func life(code: Int32) async throws {
        let none = OneFault(at: 0, code: code)
        try await Self.live(try TestLog(), none)
        let sent = (0..<Self.bodies).flatMap(Self.lines)
        var failed: Set<String> = []
        // The number of calls depends on thread scheduling, so a few more are tried.
        for place in 1...none.made + 5 {
            let log = try TestLog()
            let fault = OneFault(at: place, code: code)
            try await Self.live(log, fault)
            failed.insert(String(fault.failed.split(separator: " ").first ?? ""))
            #expect(try await Self.texts(log.files.reader()) == sent, "\(fault.failed)")
            let again = try await log.open()
            #expect(try await Self.texts(again.reader(from: .start)) == sent, "\(fault.failed)")
            let receipt = try await again.ingest(body(Self.lines(0) + Self.lines(Self.bodies - 1)))
            #expect(receipt.duplicates == 20, "\(fault.failed)")
            await again.settle()
            #expect(try await log.files.verify().isSound, "\(fault.failed)")
            await again.close()
        }
        #expect(
            failed.isSuperset(of: [
                "makeFolder", "open", "write", "sync", "syncFolder", "rename", "remove", "allocate",
            ]), "\(failed)")
    }
}
