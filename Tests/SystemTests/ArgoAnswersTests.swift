import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import App

/// How Argo Rollouts interprets the actual responses of a running node.
@Suite("Responses evaluated with Argo's conditions", .serialized)
struct ArgoAnswersTests {
    private static let success = #"result.status == "healthy""#
    private static let failure = #"result.status == "unhealthy""#

    /// The contract's fields: they are present in every response.
    private static let documented = [
        "/status", "/degraded", "/rollout", "/namespace", "/concern", "/attempt/n",
        "/attempt/epoch", "/attempt/source", "/canary/5xx_rate", "/canary/error_rate_5xx",
        "/canary/p99_ms", "/stable/5xx_rate", "/stable/error_rate_5xx", "/stable/p99_ms",
        "/gateway/node", "/gateway/az", "/gateway/disk_ok", "/gateway/queue_depth",
        "/gateway/worker_reachable", "/reasons", "/reasons_omitted", "/signals_omitted", "/score",
        "/window/start", "/window/end", "/policy", "/binary", "/schema", "/summary", "/event",
        "/policy_name", "/scope",
    ]

    /// A node whose probe reads the values of a file.
    private struct Rig {
        let engine = TransferEngine(telemetry: .silent)
        let folder: TemporaryDirectory
        let node: NodeProcess
        let fleet = Fleet()

        init(checks: String = ArgoAnswersTests.checks, more: String = "") async throws {
            folder = try TemporaryDirectory("argo")
            node = try NodeProcess(
                "gw-a1", engine: engine,
                yaml: """
                    az: eu-west-1a
                    analysis:
                      interval: 2s
                      budget: 1900ms
                      window: 100ms
                      probes:
                        - {name: node, kind: disk, path: /, timeout: 1500ms}
                        - {name: doctor, kind: file, path: "\(folder.file("report.json"))", max_age: 1h, timeout: 1500ms}
                    \(more)
                      checks:
                    \(checks)
                      concerns: {}
                    """)
        }

        func say(_ report: String) throws {
            try report.write(
                toFile: folder.file("report.json"), atomically: true, encoding: .utf8)
        }

        func start() async throws {
            try fleet.start(node)
            try await node.untilReady()
        }

        func stop() {
            fleet.killAll()
            engine.shutdown()
        }
    }

    private static let checks = """
            - {id: gateway.disk_ok, nodata: warn}
            - {id: doctor.errors, warn: 1, fail: 10, critical: true}
        """

    private func phase(_ reply: HTTPReply, _ success: String?, _ failure: String?) throws -> String
    {
        guard (200..<300).contains(reply.status) else { return "Error" }
        let document = try JSONValue(
            parsing: reply.body, limits: JSONLimits(maxBytes: 4096, maxDepth: 16))
        let conditions = ArgoConditions(success: success, failure: failure)
        let outcomes = ArgoDialect.allCases.map {
            conditions.outcome(of: ArgoValue(document), $0).phase
        }
        #expect(Set(outcomes).count == 1, "each version of Argo agrees")
        return outcomes.first.flatMap { $0?.rawValue } ?? "undecided"
    }

    /// Checks everything that applies to each response with status 200.
    private func inspect(_ answer: Answer, largest: Int) throws {
        let (reply, document) = (answer.reply, answer.document)
        #expect(reply.status == 200)
        // The body is exactly one JSON object: the parser accepts nothing else.
        guard case .object = document else {
            Issue.record("not an object: \(String(decoding: reply.body, as: UTF8.self))")
            return
        }
        #expect(reply.header("content-length") == "\(reply.body.count)")
        #expect(reply.header("content-type") == "application/json")
        #expect(reply.header("transfer-encoding") == nil)
        #expect(reply.body.count <= largest, "\(reply.body.count) bytes")
        for pointer in Self.documented {
            #expect(document.resolve(pointer: pointer) != nil, "\(pointer) is missing")
        }
        let status = try #require(answer.status)
        #expect(["healthy", "degraded", "unknown", "unhealthy"].contains(status))
        #expect(document["degraded"]?.bool == (status != "healthy"))

        // The template's own conditions, and equivalent spellings.
        let phases = [
            "healthy": "Successful", "degraded": "Inconclusive", "unknown": "Inconclusive",
            "unhealthy": "Failed",
        ]
        for (success, failure) in [
            (Self.success, Self.failure),
            (#"result["status"] == "healthy""#, #"result.status in ["unhealthy"]"#),
            ("!result.degraded", Self.failure),
            ("result.degraded == false", Self.failure),
        ] {
            #expect(try phase(reply, success, failure) == phases[status], "\(success)")
        }
        // A condition can use every documented member without a nil value.
        for (condition, isTrue) in [
            (#"result.canary["5xx_rate"] == nil"#, true),
            ("result.canary.error_rate_5xx == nil", true),
            (#"result.rollout == "shop""#, true), ("result.schema == 1", true),
            (#"result.gateway.az == "eu-west-1a""#, true),
            ("result.attempt.n >= 1", true),
            (#"result.policy != "" && result.binary != """#, true),
            ("result.reasons_omitted < 0", false),
        ] {
            #expect(
                try phase(reply, condition, nil) == (isTrue ? "Successful" : "Failed"),
                "\(condition)")
        }
        // The review of templates knows the members of each answer.
        let members = try #require(document.members)
        #expect(ArgoAnswer.members.isSubset(of: Set(members.map(\.key))))
        // The printed template: the phase, and the value that people read in the AnalysisRun.
        let template = try AnalysisTemplate()
        #expect(
            ArgoRun.phase(status: reply.status, body: reply.body, template: template).rawValue
                == phases[status])
        let value = try #require(ArgoRun.value(of: reply.body, template: template))
        #expect(value.hasPrefix("\"\(status): "), "\(value)")
        #expect(value.hasSuffix(")\"") && !value.contains("{") && value.utf8.count <= 220)
    }

    @Test("healthy, degraded, unhealthy; then 503 three times, then unknown")
    func verdicts() async throws {
        let rig = try await Rig()
        defer { rig.stop() }
        try rig.say(#"{"errors":0}"#)
        try await rig.start()
        let body = #"{"rollout":"shop","namespace":"prod","step":"3"}"#

        for (errors, status, largest) in [
            (0, "healthy", 2048), (5, "degraded", 4096), (50, "unhealthy", 4096),
            (0, "healthy", 2048),
        ] {
            try rig.say(#"{"errors":\#(errors)}"#)
            let answer = try await rig.node.answer(to: body, status) { $0.status == status }
            try inspect(answer, largest: largest)
        }

        // A malformed report: nothing is measured, and the status is not healthy.
        try rig.say(#"{"errors":"none"}"#)
        let refusals = Refusals()
        try await eventually("the answer is unknown") {
            let reply = try await rig.node.measure(body)
            if reply.status == 503 { await refusals.add(try Answer(reply)) }
            return try Answer(reply).status == "unknown"
        }
        // An immediate retry gets the same refusal and does not count as the next one.
        let byDetail = await refusals.byDetail
        let refused = byDetail.keys.sorted().compactMap { byDetail[$0] }
        #expect(refused.count == 3, "the first three attempts: \(byDetail.keys)")
        for (index, reply) in refused.enumerated() {
            #expect(
                try Answer(reply).document["detail"]?.string?.contains("refusal \(index + 1) of 3")
                    == true)
            #expect(reply.header("content-type") == "application/problem+json")
            #expect(reply.header("content-length") == "\(reply.body.count)")
            #expect(reply.header("retry-after") == "10")
            #expect(try phase(reply, Self.success, Self.failure) == "Error")
        }
        let unknown = try await rig.node.answer(to: body, "unknown") { $0.status == "unknown" }
        try inspect(unknown, largest: 4096)
        #expect(unknown.reasons.contains("doctor.errors: missing"))
        #expect(unknown.document["score"] != nil)

        // Five errors in a row abort a rollout; three errors and a response do not.
        var run = ArgoRun(template: try AnalysisTemplate())
        for reply in refused { #expect(run.record(status: reply.status, body: []).ending == nil) }
        let (last, ending) = run.record(status: 200, body: unknown.reply.body)
        #expect(last == .inconclusive)
        #expect(ending == nil)
    }

    private actor Refusals {
        var byDetail: [String: HTTPReply] = [:]
        func add(_ answer: Answer) {
            byDetail[answer.document["detail"]?.string ?? ""] = answer.reply
        }
    }

    @Test("many checks, long names and texts, hostile text: at most 4 KiB, and all is counted")
    func worst() async throws {
        let long = String(repeating: "n", count: 55)
        let longer = String(repeating: "m", count: 110)
        let count = 250
        // Half of the checks break a limit; the others are missing, with the probe's reason.
        let checks = (0..<count).map { n in
            n % 2 == 0
                ? "    - {id: \"doctor.\(long)_\(n)\", warn: 1, fail: 2, critical: true}"
                : "    - {id: \"nurse.\(longer)_\(n)\", warn: 1}"
        }
        let fields = stride(from: 1, to: count, by: 2).map { "nurse.\(longer)_\($0): /x" }
        let rig = try await Rig(
            checks: checks.joined(separator: "\n"),
            more: """
                    - name: nurse
                      kind: file
                      path: "/nowhere/\(String(repeating: "\\\"ü", count: 80))"
                      fields: {\(fields.joined(separator: ", "))}
                      timeout: 1500ms
                """)
        defer { rig.stop() }
        // Only the first 64 top-level members are read; the others are missing.
        let members = stride(from: 0, to: count, by: 2).map { "\"\(long)_\($0)\":3" }
        try rig.say("{\(members.joined(separator: ","))}")
        try await rig.start()
        let rollout = String(repeating: "a", count: 253)
        let body =
            #"{"rollout":"\#(rollout)","namespace":"\#(rollout)","revision":"\#(long)"}"#
        let answer = try await rig.node.answer(to: body, "judged") { $0.reply.status == 200 }
        #expect(answer.status == "unhealthy")
        #expect(answer.reply.body.count <= 4096)
        #expect(answer.document["rollout"]?.string == rollout)
        for pointer in Self.documented {
            #expect(answer.document.resolve(pointer: pointer) != nil, "\(pointer) is missing")
        }
        let omitted = try #require(answer.document["reasons_omitted"]?.integer)
        #expect(answer.reasons.count + Int(omitted) == count)
        #expect(answer.reasons.count >= 3, "the most severe are in the answer")
        #expect(try phase(answer.reply, Self.success, Self.failure) == "Failed")
        #expect((answer.document["signals_omitted"]?.integer ?? 0) > 0)
        // The event contains all of them, so nothing is lost.
        let repeated = try await rig.node.measure(body)
        #expect(repeated.status == 200)
    }
}
