import Events
import JSON
import Testing

@testable import Analysis

@Suite("Policies per rollout")
struct PolicyTableTests {
    @Test(
        "patterns match whole names",
        arguments: [
            ("payments-*", "payments-api", true), ("payments-*", "payments-", true),
            ("payments-*", "payments", false), ("*-api", "payments-api", true),
            ("*-api", "payments-api2", false), ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXbXbX", false), ("?at", "cat", true), ("?at", "at", false),
            ("*", "anything", true), ("**", "", true), ("", "", true), ("a.b", "axb", false),
            ("*a*a*a*a*a*a*b", String(repeating: "a", count: 200), false),
        ])
    func patterns(pattern: String, name: String, fits: Bool) {
        #expect(
            RolloutMatch(rollouts: [pattern]).matches(namespace: "any", rollout: name) == fits)
    }

    private static func set(_ name: String, _ limit: Double) -> PolicySet {
        PolicySet(Policy(checks: [Check(id: "canary.5xx_rate", fail: limit)]), name: name)
    }

    @Test("the first match judges, then the fallback; without one a rollout is refused")
    func order() {
        let entries = [
            (RolloutMatch(namespaces: ["prod"], rollouts: ["pay-*"]), Self.set("pay", 0.1)),
            (RolloutMatch(namespaces: ["prod", "live"]), Self.set("prod", 0.2)),
        ]
        let table = PolicyTable(Self.set("default", 0.3), entries: entries)
        func name(_ namespace: String, _ rollout: String, _ table: PolicyTable) -> String? {
            table.policies(namespace: namespace, rollout: rollout)?.name
        }
        #expect(name("prod", "pay-api", table) == "pay")
        #expect(name("prod", "shop", table) == "prod")
        #expect(name("live", "pay-api", table) == "prod")
        #expect(name("dev", "pay-api", table) == "default")
        #expect(name("dev", "pay-api", PolicyTable(nil, entries: entries)) == nil)
        #expect(table.all.map(\.name) == ["pay", "prod", "default"])
        // Without entries, the hash is that of the policy, so that it stays the same.
        let only = Self.set("default", 0.3)
        #expect(PolicyTable(only).sha == only.sha)
        #expect(table.sha != only.sha)
        #expect(table.sha != PolicyTable(Self.set("default", 0.3), entries: entries.reversed()).sha)
    }

    @Test("the name is no part of the hash, and in the document at a fixed place")
    func document() throws {
        let a = PolicySet(Sample.policy, name: "payments")
        #expect(a.sha == Sample.policy.sha)
        #expect(a.policy(for: "")?.name == "payments")
        let signals = Sample.signals()
        let document = VerdictDocument(
            Sample.judge(signals), request: Sample.request, concern: "",
            attempt: .init(n: 1, epoch: 1), signals: signals, gateway: Sample.gateway,
            window: Sample.window, event: Sample.event, policy: a.merged,
            scope: [
                ProbeScope(probe: "canary", arguments: ["rollout", "canary_hash"]),
                ProbeScope(probe: "mesh", arguments: []),
            ])
        let text = String(decoding: document.bytes, as: UTF8.self)
        #expect(
            text.contains(
                #""policy":"\#(a.sha)","policy_name":"payments","scope":{"canary":["rollout","canary_hash"],"mesh":[]},"binary":"#
            ))
        #expect(document.bytes.count <= 2048)
    }

    @Test("long scopes never make a document too large")
    func largeScope() {
        let name = String(repeating: "p", count: 64)
        let arguments = ["rollout", "namespace", "revision", "canary_hash", "stable_hash", "step"]
        let signals = (0..<400).map {
            Signal("canary.s\($0)", unit: .count, value: .number(Double($0)))
        }
        let document = VerdictDocument(
            Sample.judge(signals), request: Sample.request, concern: "",
            attempt: .init(n: 1, epoch: 1), signals: signals,
            gateway: GatewayIdentity(
                node: String(repeating: "\"", count: 255), az: String(repeating: "\"", count: 255),
                binary: Sample.gateway.binary),
            window: Sample.window, event: Sample.event, policy: Sample.policy,
            scope: (0..<20).map { ProbeScope(probe: "\(name)\($0)", arguments: arguments) })
        #expect(document.bytes.count <= VerdictDocument.maxBytes)
    }

    @Test(
        "a canary that no probe has data for is unknown, whatever nodata says",
        arguments: ["missing_field", "missing_argument", "missing_file", "unusable_argument"])
    func unknownRollout(why: String) {
        func judge(_ why: String) -> Judgement {
            Judge.judge(
                signals: [
                    Signal(
                        "canary.5xx_rate", unit: .ratio,
                        value: .absent(why: why, detail: "no series")),
                    Signal("gateway.disk_ok", unit: .flag, value: .flag(true)),
                ],
                policy: Policy(checks: [
                    Check(id: "canary.5xx_rate", fail: 0.01, nodata: .ignore),
                    Check(id: "gateway.disk_ok", fail: 0.5, direction: .below),
                ]), window: Sample.window)
        }
        #expect(judge(why).status == .unknown)
        #expect(judge(why).reasons.first?.detail == "no series")
        // No traffic is not an unknown rollout.
        #expect(judge("no_traffic").status == .healthy)
    }

    @Test("stableHash, inconclusiveLimit and weight are read; hints that are wrong are ignored")
    func request() throws {
        let body =
            #"{"rollout":"a","stableHash":"5f7c","inconclusiveLimit":"2","weight":25,"failureLimit":"x"}"#
        let request = try MeasurementRequest(parsing: Array(body.utf8))
        #expect(request.stableHash == "5f7c")
        #expect(request.inconclusiveLimit == 2)
        #expect(request.weight == 25)
        #expect(request.failureLimit == nil)
        // The stable version does not separate attempts.
        #expect(request.series() == MeasurementRequest(rollout: "a").series())
        let odd = try MeasurementRequest(
            query: "rollout=a&weight=101&inconclusiveLimit=-1&stableHash=b")
        #expect(odd.weight == nil && odd.inconclusiveLimit == nil && odd.stableHash == "b")
    }
}
