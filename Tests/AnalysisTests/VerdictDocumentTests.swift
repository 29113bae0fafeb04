import Events
import JSON
import Testing

@testable import Analysis

struct VerdictDocumentTests {
    private func text(_ document: VerdictDocument) -> String {
        String(decoding: document.bytes, as: UTF8.self)
    }

    private func tree(_ document: VerdictDocument) throws -> JSONValue {
        try JSONValue(
            parsing: document.bytes, limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 8))
    }

    @Test func degradedGolden() {
        let signals =
            Sample.signals(rate: .number(0.007)) + [
                Signal("doctor.warning_count", unit: .count, value: .number(2)),
                Signal("dependency.db.ping_ms", unit: .milliseconds, value: .number(1.5)),
                Signal(
                    "dependency.cache_ok", unit: .flag,
                    value: .absent(why: "timeout", detail: "after 200 ms")),
            ]
        let history = SeriesHistory(previous: MetricValues([("canary.5xx_rate", 0.003)]))
        let judgement = Sample.judge(signals, history: history)
        let document = Sample.document(
            judgement, signals: signals, number: AttemptNumber(n: 4, epoch: 1))
        let expected =
            #"{"status":"degraded","degraded":true,"summary":"degraded: 5xx_rate 0.7 % over the "#
            + #"warning limit 0.5 % (eu-west-1a, attempt 4)","rollout":"payments-api","namespace":"prod","#
            + #""concern":"all","attempt":{"n":4,"epoch":1,"source":"counted"},"#
            + #""canary":{"5xx_rate":0.007,"error_rate_5xx":0.007,"p99_ms":180},"#
            + #""stable":{"5xx_rate":0.0015,"error_rate_5xx":0.0015,"p99_ms":170},"#
            + #""gateway":{"node":"gw-a1","az":"eu-west-1a","disk_ok":true,"queue_depth":3,"#
            + #""worker_reachable":true},"dependency":{"cache_ok":null,"db.ping_ms":1.5},"#
            + #""doctor":{"warning_count":2},"reasons":[{"check":"canary.5xx_rate","#
            + #""state":"warn","value":0.007,"limit":0.005,"stable":0.0015,"previous":0.003,"#
            + #""why":"abs_warn"}],"reasons_omitted":0,"signals_omitted":0,"score":78,"#
            + #""window":{"start":"2025-12-17T19:32:30.000Z","end":"2025-12-17T19:33:00.000Z"},"#
            + #""event":"\#(Sample.event)","policy":"\#(Sample.policy.sha)","policy_name":"default","#
            + #""scope":{},"binary":"\#(Sample.gateway.binary)","schema":1}"#
        #expect(text(document) == expected)
        #expect(document.etag == "\"\(ContentHash.hex(expected.utf8))\"")
    }

    @Test func everyDocumentedFieldIsThereWhenNothingIsKnown() throws {
        let document = Sample.document(Sample.judge([]), signals: [])
        let tree = try tree(document)
        #expect(
            tree.members?.map(\.key) == [
                "status", "degraded", "summary", "rollout", "namespace", "concern", "attempt",
                "canary",
                "stable", "gateway", "reasons", "reasons_omitted", "signals_omitted", "score",
                "window", "event", "policy", "policy_name", "scope", "binary", "schema",
            ])
        for side in ["canary", "stable"] {
            #expect(
                tree[side]
                    == .object([
                        .init("5xx_rate", .null), .init("error_rate_5xx", .null),
                        .init("p99_ms", .null),
                    ]))
        }
        #expect(
            tree["gateway"]?.members?.map(\.key) == [
                "node", "az", "disk_ok", "queue_depth", "worker_reachable",
            ])
        #expect(tree["score"] == .null)
    }

    @Test func healthyFitsTwoKibibytes() {
        let signals = Sample.signals()
        let document = Sample.document(Sample.judge(signals), signals: signals)
        #expect(document.bytes.count < 1024)
    }

    @Test func theSameAttemptIsTheSameBytes() {
        let signals = Sample.signals(rate: .number(0.02))
        let first = Sample.document(Sample.judge(signals), signals: signals)
        let again = Sample.document(
            Sample.judge(signals.reversed()), signals: Array(signals.reversed()))
        #expect(first == again)
    }

    // MARK: - Bounds

    /// A policy in which all checks fail, with long names.
    private func worst(checks: Int, detail: Int, signals: Int) -> VerdictDocument {
        let policy = Policy(
            checks: (0..<checks).map {
                Check(id: "dependency.check_number_\($0)", critical: $0 % 2 == 0)
            })
        let words = String(repeating: "ü\"\n", count: detail)
        let seen =
            (0..<checks).map {
                Signal(
                    "dependency.check_number_\($0)", unit: .count,
                    value: .absent(why: "timeout", detail: words))
            }
            + (0..<signals).map {
                Signal("doctor.finding_\($0)", unit: .count, value: .number(0.1 + 0.2))
            }
        return Sample.document(Sample.judge(seen, policy: policy), signals: seen)
    }

    @Test(arguments: [
        (5, 10, 0), (20, 100, 0), (40, 0, 0), (3, 1000, 300), (300, 50, 300), (1000, 10, 0),
    ])
    func neverOverFourKibibytes(checks: Int, detail: Int, signals: Int) throws {
        let document = worst(checks: checks, detail: detail, signals: signals)
        #expect(document.bytes.count <= VerdictDocument.maxBytes)
        let tree = try tree(document)
        let reasons = try #require(tree["reasons"]?.elements)
        let omitted = try #require(tree["reasons_omitted"]?.count?.value)
        #expect(reasons.count + omitted == checks)
        #expect(reasons.count >= min(checks, 3))
        let shown =
            (tree["doctor"]?.members?.count ?? 0) + (tree["dependency"]?.members?.count ?? 0)
        let omittedSignals = try #require(tree["signals_omitted"]?.count?.value)
        #expect(shown + omittedSignals == checks + signals)
    }

    @Test func theLongestNamesFitToo() throws {
        let long = String(repeating: "a", count: 253)
        let wide = String(repeating: "\u{1}\"", count: 400)
        let gateway = GatewayIdentity(node: wide, az: wide, binary: Sample.gateway.binary)
        let document = VerdictDocument(
            Sample.judge([]), request: MeasurementRequest(rollout: long, namespace: long),
            concern: "latency", attempt: AttemptNumber(n: .max, epoch: .max, source: .caller),
            signals: [], gateway: gateway, window: Sample.window, event: Sample.event,
            policy: Sample.policy)
        #expect(document.bytes.count <= VerdictDocument.maxBytes)
        let tree = try tree(document)
        #expect(tree["rollout"] == .string(long))
        #expect(tree["concern"] == .string("latency"))
        #expect(tree["attempt"]?["source"] == .string("caller"))
    }

    @Test func nothingIsCutThatFits() throws {
        let document = worst(checks: 8, detail: 5, signals: 10)
        let tree = try tree(document)
        #expect(tree["reasons_omitted"] == .number("0"))
        #expect(tree["signals_omitted"] == .number("0"))
        #expect(tree["reasons"]?[0]?["detail"] != nil)
    }

    // MARK: - Hostile names

    @Test func signalsNeverShadowADocumentedField() throws {
        let names = [
            "status.x", "reasons.x", "score", "signals.y", "gateway.node", "canary.error_rate_5xx",
            "bare", ".x", "x.", "doctor.ok",
        ]
        let signals = names.map { Signal($0, unit: .count, value: .number(1)) }
        let document = Sample.document(Sample.judge(signals), signals: signals)
        let tree = try tree(document)
        #expect(tree["status"] == .string("unknown"))
        #expect(tree["gateway"]?["node"] == .string("gw-a1"))
        #expect(tree["canary"]?["error_rate_5xx"] == .null)
        #expect(
            tree["signals"]?.members?.map(\.key) == names.filter { $0 != "doctor.ok" }.sorted())
        #expect(tree["doctor"]?["ok"] == .number("1"))
    }

    @Test func textIsEscaped() throws {
        let signals = [
            Signal(
                "canary.5xx_rate", unit: .ratio,
                value: .absent(why: "garbage", detail: "\"},\"status\":\"healthy\"\n\u{2028}"))
        ]
        let document = Sample.document(Sample.judge(signals), signals: signals)
        #expect(try tree(document)["status"] == .string("unknown"))
        #expect(!document.bytes.contains(UInt8(ascii: "\n")))
    }
}
