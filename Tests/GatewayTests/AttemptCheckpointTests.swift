import Analysis
import Events
import GRDB
import EventLog
import Probes
import Server
@testable import State
import Telemetry
import TestSupport
import Testing

@testable import Gateway

@Suite("Checkpoints of attempts")
struct AttemptCheckpointTests {
    let folder: TemporaryDirectory
    let clock = ManualClock()
    let store: Store
    let eventLog: EventLog

    init() async throws {
        folder = try TemporaryDirectory()
        store = try Store(path: folder.file("state.sqlite"))
        eventLog = try await EventLog.open(
            EventLogConfiguration(directory: folder.file("data"), node: "gw-a1"),
            clock: clock.wall, telemetry: .silent)
    }

    /// A gateway on this folder, as a start creates it from the checkpoint.
    private func start() async throws -> MeasurementService {
        try await MeasurementService(
            plan: GatewayPlan(
                probes: ProbeSet([CountingProbe()]),
                policies: PolicyTable(
                    PolicySet(
                        Policy(checks: [Check(id: "gateway.disk_ok", critical: true)]),
                        concerns: [:])),
                // Real time: a starved machine must judge, too.
                budget: .seconds(20), interval: .seconds(30)),
            node: "gw-a1", az: "az-1", binary: "sha256:b", eventLog: eventLog, store: store,
            rate: TokenBucket.Rate(burst: 100, perSecond: 100), wall: clock.wall, clock: clock,
            telemetry: .silent)
    }

    /// The attempt's number.
    private func measure(_ rollout: String, _ service: MeasurementService) async throws -> Int? {
        let request = MeasurementRequest(rollout: rollout, namespace: "prod")
        let turn = await service.measure(
            request, series: request.series(concern: "").id, concern: "")
        guard case .judged(let verdict, _, _) = turn.outcome else { return nil }
        return verdict.number.n
    }

    private func count() async throws -> Int? {
        try await store.read { db in
            try Int.fetchOne(db.connection, sql: "SELECT count(*) FROM attempt")
        }
    }

    @Test("more series than one slice: all are stored, and each continues its count")
    func slices() async throws {
        let first = try await start()
        for n in 0..<600 { #expect(try await measure("shop-\(n)", first) == 1) }
        await AttemptCheckpoint(first, store: store, wall: clock.wall).write()
        #expect(try await count() == 600)
        clock.advance(by: .seconds(30))
        let second = try await start()
        for n in [0, 249, 250, 500, 599] {
            #expect(try await measure("shop-\(n)", second) == 2)
        }
        await eventLog.close()
    }

    @Test("a failed write is not skipped by the next successful one")
    func failing() async throws {
        let first = try await start()
        let checkpoint = AttemptCheckpoint(first, store: store, wall: clock.wall)
        #expect(try await measure("shop", first) == 1)
        try await setReadOnly(true)
        await checkpoint.write()
        try await setReadOnly(false)
        #expect(try await count() == 0)
        // Another series changes, so that the position in the log advances.
        #expect(try await measure("cart", first) == 1)
        await checkpoint.write()
        #expect(try await count() == 2)
        clock.advance(by: .seconds(30))
        let second = try await start()
        #expect(try await measure("shop", second) == 2)
        #expect(try await measure("cart", second) == 2)
        await eventLog.close()
    }

    @Test("a node without measurements does not read others' lines again at each start")
    func idle() async throws {
        let checkpoint = AttemptCheckpoint(try await start(), store: store, wall: clock.wall)
        let first = try await place()
        try await ingest(megabytes: 1)
        await checkpoint.write()
        #expect(try await place() == first)
        try await ingest(megabytes: 4)
        await checkpoint.write()
        #expect(try await place() == eventLog.head)
        // A few more lines do not cause another write.
        let before = eventLog.head
        try await ingest(megabytes: 1)
        await checkpoint.write()
        #expect(try await place() == before)
        await eventLog.close()
    }

    @Test("a verdict that another sender wrote in this node's name is not restored")
    func forged() async throws {
        let first = try await start()
        #expect(try await measure("shop", first) == 1)
        // A line with the next attempt in this node's name, as a caller with read and ingest can
        // write it.
        var reader = eventLog.reader(from: .start)
        let own = try #require(try await reader.next(maxLines: 10).lines.first).bytes
        var event = try Event(line: own)
        #expect(event.attempt == 1)
        event.id = "forged"
        event.seq = nil
        event.attempt = 2
        let text = String(decoding: event.line, as: UTF8.self)
            .replacing(#""attempt":1"#, with: #""attempt":2"#)
        _ = try await eventLog.ingest(IngestBody(Array(text.utf8)))
        clock.advance(by: .seconds(30))
        let second = try await start()
        let request = MeasurementRequest(rollout: "shop", namespace: "prod")
        let turn = await second.measure(
            request, series: request.series(concern: "").id, concern: "")
        // Attempt 2 is measured here, not answered from the line.
        #expect(turn.origin == .evaluated)
        guard case .judged(let verdict, _, _) = turn.outcome else {
            Issue.record("no verdict")
            return
        }
        #expect(verdict.number.n == 2)
        await eventLog.close()
    }

    private func place() async throws -> LogPosition? {
        try await store.read { db in
            try CursorTable.position(db, of: AttemptCheckpoint.cursorName)
        }
    }

    /// Lines of another node.
    private func ingest(megabytes: Int) async throws {
        let words = String(repeating: "x", count: 1000)
        for _ in 0..<megabytes {
            let lines = (0..<1024).map { _ in
                #"{"ts":"2026-11-23T06:00:00Z","event":"note","node":"gw-b1","message":"\#(words)"}"#
            }
            _ = try await eventLog.ingest(Array(lines.joined(separator: "\n").utf8))
        }
    }

    private func setReadOnly(_ isReadOnly: Bool) async throws {
        // A trigger, because a pragma would not outlast the transaction.
        try await store.write { db in
            try db.connection.execute(
                sql: isReadOnly
                    ? "CREATE TRIGGER full BEFORE INSERT ON attempt BEGIN SELECT RAISE(ABORT, 'full'); END"
                    : "DROP TRIGGER full")
        }
    }
}
