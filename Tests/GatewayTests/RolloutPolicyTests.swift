import Analysis
import Arguments
import Events
import EventLog
import JSON
import Probes
import Server
import State
import Telemetry
import TestSupport
import Testing

@testable import Gateway

/// Reports a rate from the rollout's name: `fails-…` fails, `ghost` is not there.
private struct NamedProbe: Probe {
    let name: String
    let deadline = Duration.seconds(1)
    let signals = [SignalDeclaration("canary.5xx_rate", unit: .ratio)]
    let arguments: Set<MeasurementArgument> = [.rollout]

    func measure(_ context: MeasurementContext) async -> [Signal] {
        let rollout = context.arguments[.rollout] ?? ""
        let value: Signal.Value =
            rollout == "ghost"
            ? .absent(why: "missing_field", detail: "no series c{rollout=\"ghost\"}")
            : .number(rollout.hasPrefix("fails") ? 0.02 : 0.001)
        return [Signal("canary.5xx_rate", unit: .ratio, value: value)]
    }

    func address(for arguments: MeasurementArguments) -> String { "http://gw:9/metrics" }
}

@Suite("The arguments of a measurement")
struct MeasurementArgumentTests {
    @Test("each is the request's member of its name")
    func fromTheRequest() {
        var request = MeasurementRequest(rollout: "shop")
        (request.namespace, request.revision, request.step) = ("prod", "17", "3")
        (request.canaryHash, request.stableHash) = ("canary-hash", "stable-hash")
        let arguments = MeasurementArguments(request)
        #expect(arguments[.rollout] == "shop" && arguments[.namespace] == "prod")
        #expect(arguments[.revision] == "17" && arguments[.step] == "3")
        #expect(arguments[.canaryHash] == "canary-hash")
        #expect(arguments[.stableHash] == "stable-hash")
        let few = MeasurementArguments(MeasurementRequest(rollout: "shop"))
        #expect(few[.canaryHash] == nil && few[.step] == nil)
    }
}

@Suite("Policies per rollout on a gateway")
struct RolloutPolicyTests {
    let folder: TemporaryDirectory
    let clock = ManualClock()
    let service: MeasurementService
    let eventLog: EventLog

    init() async throws {
        folder = try TemporaryDirectory()
        eventLog = try await EventLog.open(
            EventLogConfiguration(directory: folder.file("data"), node: "gw-a1"),
            clock: clock.wall, telemetry: .silent)
        service = try await MeasurementService(
            plan: Self.plan(), node: "gw-a1", az: "az-1", binary: "sha256:b", eventLog: eventLog,
            store: try Store(path: folder.file("state.sqlite")),
            rate: TokenBucket.Rate(burst: 100, perSecond: 100), wall: clock.wall, clock: clock,
            telemetry: .silent)
    }

    private static func set(_ name: String, _ limit: Double) -> PolicySet {
        PolicySet(
            Policy(checks: [Check(id: "canary.5xx_rate", fail: limit, critical: true)]),
            concerns: [:], name: name)
    }

    private static func plan(
        limit: Double = 0.01, pattern: String = "*-pay", refuses: Bool = true,
        appliesMidRun: Bool = false
    ) -> GatewayPlan {
        GatewayPlan(
            probes: ProbeSet([NamedProbe(name: "canary"), NamedProbe(name: "other")]),
            policies: PolicyTable(
                refuses ? nil : set("default", 0.5),
                entries: [
                    (RolloutMatch(namespaces: ["prod"], rollouts: [pattern]), set("pay", limit)),
                    (RolloutMatch(namespaces: ["prod"], rollouts: ["ghost"]), set("rest", limit)),
                ]),
            probesByPolicy: ["pay": ["canary"], "rest": ["canary"], "default": ["other"]],
            // Real time: a starved machine must judge, too.
            budget: .seconds(20), interval: .seconds(30), appliesMidRun: appliesMidRun)
    }

    private func measure(_ rollout: String, _ namespace: String = "prod") async throws -> JSONValue?
    {
        let request = MeasurementRequest(rollout: rollout, namespace: namespace)
        let series = request.series(concern: "").id
        guard let policies = service.policies(for: request, series: series) else { return nil }
        let turn = await service.measure(request, series: series, concern: "", by: policies)
        guard case .judged(let verdict, _, _) = turn.outcome else { return .null }
        return try JSONValue(
            parsing: verdict.document.bytes, limits: JSONLimits(maxBytes: 4096, maxDepth: 16))
    }

    @Test("each rollout has its own numbers and policy; one that no probe knows is unknown")
    func judged() async throws {
        async let good = measure("good-pay")
        async let bad = measure("fails-pay")
        let (healthy, unhealthy) = try await (good, bad)
        #expect(healthy?["status"]?.string == "healthy")
        #expect(healthy?["policy_name"]?.string == "pay")
        #expect(healthy?["scope"]?["canary"]?[0]?.string == "rollout")
        #expect(healthy?["scope"]?["other"] == nil)
        #expect(unhealthy?["status"]?.string == "unhealthy")
        #expect(healthy?["policy"]?.string == Self.set("x", 0.01).sha)
        var ghost: JSONValue?
        // Three refusals come first.
        for _ in 1...4 {
            ghost = try await measure("ghost")
            clock.advance(by: .seconds(10))
        }
        #expect(ghost?["status"]?.string == "unknown")
        #expect(ghost?["policy_name"]?.string == "rest")
        #expect(
            ghost?["reasons"]?[0]?["detail"]?.string
                == #"canary at http://gw:9/metrics: no series c{rollout="ghost"}"#)
        var reader = eventLog.reader(from: .start)
        let events = try await reader.next(maxLines: 100, maxBytes: 1 << 20).lines
            .map { try Event(line: $0.bytes) }
        #expect(events.allSatisfy { $0.extra("policy_name") != nil })
        await eventLog.close()
    }

    @Test("a rollout without a policy is refused; a reload changes all policies at once")
    func refused() async throws {
        #expect(try await measure("good-pay", "dev") == nil)
        #expect(try await measure("shop") == nil)
        service.replace(plan: Self.plan(refuses: false))
        let shop = try #require(try await measure("fails-shop"))
        #expect(shop["policy_name"]?.string == "default")
        // The default policy has another limit and its own probe.
        #expect(shop["status"]?.string == "healthy")
        #expect(shop["scope"]?["other"] != nil && shop["scope"]?["canary"] == nil)
        await eventLog.close()
    }

    @Test("a run under way keeps its policy through reloads, also when its rollout is refused now")
    func midRun() async throws {
        let first = try #require(try await measure("good-pay"))
        service.replace(plan: Self.plan(limit: 0.0001, pattern: "none"))
        clock.advance(by: .seconds(30))
        let second = try #require(try await measure("good-pay"))
        #expect(second["policy"] == first["policy"])
        #expect(second["policy_name"]?.string == "pay")
        #expect(second["status"]?.string == "healthy")
        #expect(try await measure("new-pay") == nil)
        // The next run is refused.
        clock.advance(by: .seconds(3600))
        #expect(try await measure("good-pay") == nil)
        await eventLog.close()
    }

    @Test("a reload that applies at once refuses in the middle of a run")
    func atOnce() async throws {
        _ = try #require(try await measure("good-pay"))
        service.replace(plan: Self.plan(pattern: "none", appliesMidRun: true))
        clock.advance(by: .seconds(30))
        #expect(try await measure("good-pay") == nil)
        await eventLog.close()
    }
}
