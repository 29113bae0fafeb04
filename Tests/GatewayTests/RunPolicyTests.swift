import Analysis
import Events
import JSON
import EventLog
import Probes
import Server
import State
import Telemetry
import TestSupport
import Testing

@testable import Gateway

/// State that a run keeps: its policy, and a window's inputs.
@Suite("Within one run")
struct RunPolicyTests {
    let folder: TemporaryDirectory
    let clock = ManualClock()
    let store: Store
    let eventLog: EventLog
    let probe = CountingProbe()

    init() async throws {
        folder = try TemporaryDirectory()
        store = try Store(path: folder.file("state.sqlite"))
        eventLog = try await EventLog.open(
            EventLogConfiguration(directory: folder.file("data"), node: "gw-a1"),
            clock: clock.wall, telemetry: .silent)
    }

    private func plan(
        weight: Int, appliesMidRun: Bool = false, window: Duration? = nil
    ) -> GatewayPlan {
        GatewayPlan(
            probes: ProbeSet([probe]),
            policies: PolicyTable(
                PolicySet(
                    Policy(checks: [Check(id: "gateway.disk_ok", critical: true, weight: weight)]),
                    concerns: [:])),
            // Real time: a starved machine must judge, too.
            budget: .seconds(20), interval: .seconds(30), window: window,
            appliesMidRun: appliesMidRun)
    }

    private func service(_ plan: GatewayPlan) async throws -> MeasurementService {
        try await MeasurementService(
            plan: plan, node: "gw-a1", az: "az-1", binary: "sha256:b", eventLog: eventLog,
            store: store, rate: TokenBucket.Rate(burst: 100, perSecond: 100), wall: clock.wall,
            clock: clock, telemetry: .silent)
    }

    private func measure(_ service: MeasurementService) async throws -> JSONValue {
        let request = MeasurementRequest(rollout: "shop", namespace: "prod")
        let turn = await service.measure(
            request, series: request.series(concern: "").id, concern: "")
        guard case .judged(let verdict, _, _) = turn.outcome else { return .null }
        return try JSONValue(
            parsing: verdict.document.bytes, limits: JSONLimits(maxBytes: 4096, maxDepth: 16))
    }

    /// The names of the events so far.
    private func events() async throws -> [String] {
        var reader = eventLog.reader(from: .start)
        return try await reader.next(maxLines: 100, maxBytes: 1 << 20).lines
            .map { try Event(line: $0.bytes).event }
    }

    @Test("a reload waits for the run's end, and judges the next run")
    func nextRun() async throws {
        let service = try await service(plan(weight: 1))
        let first = try await measure(service)
        service.replace(plan: plan(weight: 2))
        clock.advance(by: .seconds(30))
        let second = try await measure(service)
        #expect(second["attempt"]?["n"]?.integer == 2)
        #expect(second["policy"] == first["policy"])
        #expect(second["status"]?.string == "healthy")
        // Also across further reloads.
        service.replace(plan: plan(weight: 3))
        clock.advance(by: .seconds(30))
        #expect(try await measure(service)["policy"] == first["policy"])

        clock.advance(by: .seconds(3600))
        let next = try await measure(service)
        #expect(next["attempt"]?["epoch"]?.integer == 2)
        #expect(next["policy"] != first["policy"])
        #expect(next["status"]?.string == "healthy")
        #expect(try await !events().contains("comparability.changed"))
        await eventLog.close()
    }

    @Test("applied at once, the rest of the run is unknown, and an event reports it")
    func midRun() async throws {
        let service = try await service(plan(weight: 1))
        let first = try await measure(service)
        #expect(first["status"]?.string == "healthy")
        service.replace(plan: plan(weight: 2, appliesMidRun: true))
        for attempt in 2...3 {
            clock.advance(by: .seconds(30))
            let later = try await measure(service)
            #expect(later["attempt"]?["n"]?.integer == Int64(attempt))
            #expect(later["policy"] != first["policy"])
            #expect(later["status"]?.string == "unknown")
        }
        clock.advance(by: .seconds(3600))
        #expect(try await measure(service)["status"]?.string == "healthy")
        let changes = try await events().filter { $0 == "comparability.changed" }
        #expect(changes.count == 1, "reported when it changed, not at every attempt")
        await eventLog.close()
    }

    @Test("another binary within a run makes it unknown too, also after a restart")
    func otherBinary() async throws {
        let first = try await service(plan(weight: 1))
        #expect(try await measure(first)["status"]?.string == "healthy")
        clock.advance(by: .seconds(30))
        let second = try await MeasurementService(
            plan: plan(weight: 1), node: "gw-a1", az: "az-1", binary: "sha256:c",
            eventLog: eventLog, store: store, rate: TokenBucket.Rate(burst: 100, perSecond: 100),
            wall: clock.wall, clock: clock, telemetry: .silent)
        let later = try await measure(second)
        #expect(later["attempt"]?["n"]?.integer == 2)
        #expect(later["status"]?.string == "unknown")
        #expect(try await events().contains("comparability.changed"))
        await eventLog.close()
    }

    @Test("another attempt within one data window is judged by the same inputs")
    func frozenInputs() async throws {
        let service = try await service(plan(weight: 1, window: .seconds(3600)))
        let first = try await measure(service)
        // Still within the same hour.
        clock.advance(by: .seconds(30))
        let second = try await measure(service)
        #expect(second["attempt"]?["n"]?.integer == 2)
        #expect(second["window"] == first["window"])
        #expect(probe.looks == 1)
        await eventLog.close()
    }
}
