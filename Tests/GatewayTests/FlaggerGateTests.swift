import Analysis
import Events
import Foundation
import JSON
import TestSupport
import Testing
import Transfer

@testable import Gateway

@Suite("A verdict for Flagger's webhooks")
struct FlaggerGateTests {
    private static func payload(
        hook: String? = "confirm-promotion", type: String? = nil, token: String? = nil,
        name: String = "podinfo", concern: String? = nil
    ) -> String {
        var metadata: [String] = []
        if let hook { metadata.append(#""hook":"\#(hook)""#) }
        if let token { metadata.append(#""token":"\#(token)""#) }
        if let concern { metadata.append(#""concern":"\#(concern)""#) }
        let kind = type.map { #","type":"\#($0)""# } ?? ""
        return #"{"name":"\#(name)","namespace":"test","phase":"Progressing","checksum":"85d5""#
            + #"\#(kind),"metadata":{\#(metadata.joined(separator: ","))}}"#
    }

    private static func bearer(_ token: String) -> [(String, String)] {
        [("Authorization", "Bearer \(token)")]
    }

    private static func tree(_ reply: HTTPReply) throws -> JSONValue {
        try JSONValue(parsing: reply.body, limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 16))
    }

    @Test("healthy is 200 with the document; every other verdict is 409 with the reason")
    func verdicts() async throws {
        let gateway = try await ServedGateway()
        func ask() async throws -> HTTPReply {
            gateway.clock.advance(by: .seconds(30))
            return try await gateway.post(
                "/rollouts/flagger", Self.payload(), headers: Self.bearer(gateway.token))
        }
        let healthy = try await ask()
        #expect(healthy.status == 200)
        let document = try Self.tree(healthy)
        #expect(document["status"] == .string("healthy"))
        #expect(document["rollout"] == .string("podinfo"))
        #expect(document["summary"]?.string?.hasPrefix("healthy: ") == true)
        #expect(document["event"]?.string?.count == 32)

        gateway.probe.report(.flag(false))
        let bad = try await ask()
        #expect(bad.status == 409)
        #expect(try Self.tree(bad)["reason"] == .string("verdict_unhealthy"))
        #expect(
            try Self.tree(bad)["detail"]?.string
                == "unhealthy: gateway.disk_ok false (az-1, attempt 2)")

        // Nothing measurable never passes, and is never a 5xx, which Flagger's client repeats.
        gateway.probe.report(.absent(why: "timeout", detail: ""))
        for _ in 0..<5 {
            let silent = try await ask()
            #expect(silent.status == 409)
            #expect(try Self.tree(silent)["reason"] == .string("verdict_unknown"))
            #expect(try Self.tree(silent)["detail"]?.string?.contains("timeout") == true)
        }
        await gateway.stop()
    }

    @Test(
        "each type to which 2xx means \"go on\" gets 200 for healthy, and 409 for all else",
        arguments: ["confirm-promotion", "confirm-rollout", "confirm-traffic-increase", "rollout"])
    func gates(hook: String) async throws {
        #expect(FlaggerGateRoutes.gates.count == 4 && FlaggerGateRoutes.gates.contains(hook))
        let gateway = try await ServedGateway(checks: [
            Check(
                id: "gateway.disk_ok", warn: 0.5, fail: -0.5, direction: .below, critical: true)
        ])
        for (value, status) in [
            (.flag(true), "healthy"), (.flag(false), "degraded"), (.number(-1), "unhealthy"),
            (.flag(true), "healthy"),
        ] as [(Signal.Value, String)] {
            gateway.probe.report(value)
            gateway.clock.advance(by: .seconds(30))
            // Flagger's payload has no type; the answer to a payload with one is the same.
            for body in [Self.payload(hook: hook), Self.payload(hook: nil, type: hook)] {
                let reply = try await gateway.post(
                    "/rollouts/flagger", body, headers: Self.bearer(gateway.token))
                let tree = try Self.tree(reply)
                if status == "healthy" {
                    #expect(reply.status == 200)
                    #expect(tree["status"] == .string("healthy"))
                } else {
                    #expect(reply.status == 409, "\(status)")
                    #expect(tree["reason"] == .string("verdict_\(status)"))
                    #expect(tree["detail"]?.string?.hasPrefix("\(status): ") == true, "\(tree)")
                }
            }
        }
        #expect(gateway.probe.looks == 4, "the second payload repeats the first")
        await gateway.stop()
    }

    @Test("it is the verdict that a measurement gets: one series, one attempt")
    func sameJudge() async throws {
        let gateway = try await ServedGateway()
        let gate = try await gateway.post(
            "/rollouts/flagger", Self.payload(hook: "rollout"), headers: Self.bearer(gateway.token))
        let measured = try await gateway.ask(
            #"{"rollout":"podinfo","namespace":"test","revision":"85d5"}"#)
        #expect(gate.status == 200 && gate.body == measured.body)
        #expect(gateway.probe.looks == 1)
        await gateway.stop()
    }

    @Test(
        "a hook for which 2xx is not \"go on\" never gets a 2xx, whatever the verdict",
        arguments: [
            (Self.payload(hook: "rollback"), "hook_is_no_gate"),
            (Self.payload(hook: "rollout", type: "rollback"), "hook_is_no_gate"),
            (Self.payload(hook: nil), "hook_type_unknown"),
            (Self.payload(hook: "event"), "hook_is_no_gate"),
            (Self.payload(hook: "pre-rollout"), "hook_is_no_gate"),
            (Self.payload(hook: "post-rollout"), "hook_is_no_gate"),
            (Self.payload(hook: "Rollout"), "hook_is_no_gate"),
            (Self.payload(hook: ""), "hook_is_no_gate"),
        ] as [(String, String)])
    func rollback(body: String, reason: String) async throws {
        let gateway = try await ServedGateway()
        for value in [Signal.Value.flag(true), .flag(false)] {
            gateway.probe.report(value)
            gateway.clock.advance(by: .seconds(30))
            let reply = try await gateway.post(
                "/rollouts/flagger", body, headers: Self.bearer(gateway.token))
            #expect(reply.status == 409)
            #expect(try Self.tree(reply)["reason"] == .string(reason))
        }
        #expect(gateway.probe.looks == 0, "nothing is measured for it")
        await gateway.stop()
    }

    @Test("over the rate limit the last verdict counts; without one nothing passes")
    func limited() async throws {
        let gateway = try await ServedGateway(rate: RateLimitTests.two)
        func ask() async throws -> HTTPReply {
            try await gateway.post(
                "/rollouts/flagger", Self.payload(), headers: Self.bearer(gateway.token))
        }
        gateway.probe.report(.flag(false))
        // The third is over the limit.
        for _ in 0..<3 {
            let reply = try await ask()
            #expect(reply.status == 409)
            #expect(try Self.tree(reply)["reason"] == .string("verdict_unhealthy"))
        }
        #expect(gateway.probe.looks == 1)
        // The run has ended by silence, so its verdict is not used.
        gateway.clock.advance(by: .seconds(3600))
        let reply = try await ask()
        #expect(reply.status == 409)
        #expect(try Self.tree(reply)["reason"] == .string("verdict_unknown"))
        #expect(try Self.tree(reply)["detail"]?.string?.contains("over the rate limit") == true)
        await gateway.stop()
    }

    @Test("the credential is in the user part, the path or the body, and needs its scope")
    func credentials() async throws {
        let gateway = try await ServedGateway()
        let (token, path) = (gateway.token, "/rollouts/flagger")
        let basic = Data("flagger:\(token)".utf8).base64EncodedString()
        #expect(
            try await gateway.post(
                path, Self.payload(), headers: [("Authorization", "Basic \(basic)")]
            ).status == 200)
        #expect(try await gateway.post("\(path)/\(token)", Self.payload()).status == 200)
        #expect(try await gateway.post(path, Self.payload(token: token)).status == 200)
        #expect(try await gateway.post(path, Self.payload()).status == 401)
        #expect(try await gateway.post(path, Self.payload(token: "wrong")).status == 401)
        #expect(try await gateway.post("\(path)/wrong", Self.payload()).status == 401)
        // A caller without a credential does not get the faults of a body.
        #expect(try await gateway.post(path, "{").status == 401)
        #expect(try await gateway.post("\(path)/\(token)", "{").status == 400)
        #expect(
            try await gateway.post("\(path)/\(token)", Self.payload(name: "not a name")).status
                == 400)
        #expect(
            try await gateway.post("\(path)/\(token)", Self.payload(concern: "none")).status == 404)
        await gateway.stop()
    }
}
