import App
import Testing
import Yams

@Suite("What Argo Rollouts makes of us")
struct ArgoTests {
    private func body(_ status: String) -> [UInt8] {
        Array(#"{"status":"\#(status)","degraded":\#(status != "healthy")}"#.utf8)
    }

    @Test(
        "the three verdicts become the three phases",
        arguments: [
            ("healthy", ArgoRun.Phase.successful), ("degraded", .inconclusive),
            ("unknown", .inconclusive), ("unhealthy", .failed),
        ])
    func phases(status: String, phase: ArgoRun.Phase) {
        #expect(ArgoRun.phase(status: 200, body: body(status), degraded: .pause) == phase)
        let passed = ArgoRun.phase(status: 200, body: body(status), degraded: .pass)
        #expect(passed == (status == "degraded" ? .successful : phase))
    }

    @Test("what is no document is an error, whatever the code")
    func errors() {
        for broken in ["", "null", "<html>", #"{"status":"#, "{}"] {
            #expect(
                ArgoRun.phase(status: 200, body: Array(broken.utf8), degraded: .pause) == .error)
        }
        #expect(ArgoRun.phase(status: 503, body: body("healthy"), degraded: .pause) == .error)
    }

    @Test(
        "a run aborts beyond its failure limit, pauses when inconclusive, errors out at the fifth")
    func endings() throws {
        var failing = ArgoRun(template: try AnalysisTemplate(failureLimit: 1))
        #expect(failing.record(status: 200, body: body("unhealthy")).ending == nil)
        #expect(
            failing.record(status: 200, body: body("unhealthy")).ending
                == .aborted(because: "failed (2) > failureLimit (1)"))

        var pausing = ArgoRun(template: try AnalysisTemplate())
        _ = pausing.record(status: 200, body: body("unknown"))
        _ = pausing.record(status: 200, body: body("degraded"))
        guard case .paused = pausing.record(status: 200, body: body("unknown")).ending else {
            Issue.record("the third inconclusive measurement must pause")
            return
        }

        var erring = ArgoRun(template: try AnalysisTemplate())
        for _ in 0..<4 { #expect(erring.record(status: 503, body: []).ending == nil) }
        guard case .aborted = erring.record(status: 503, body: []).ending else {
            Issue.record("the fifth error in a row must abort")
            return
        }

        var good = ArgoRun(template: try AnalysisTemplate(count: 2))
        _ = good.record(status: 200, body: body("healthy"))
        #expect(good.record(status: 200, body: body("healthy")).ending == .promoted)
    }

    @Test("the template is YAML that declares every argument it uses")
    func template() throws {
        let template = try AnalysisTemplate(
            namespace: "prod", rollout: "payments-api",
            gateways: [.init(url: "https://gw.example:8443/")], concerns: ["latency"])
        let documents = try Array(Yams.load_all(yaml: template.yaml))
        #expect(documents.count == 3)
        let analysis = try #require(documents[0] as? [String: Any])
        let spec = try #require(analysis["spec"] as? [String: Any])
        let declared = Set(
            try #require(spec["args"] as? [[String: Any]]).compactMap { $0["name"] as? String })
        let metric = try #require((spec["metrics"] as? [[String: Any]])?.first)
        #expect(metric["successCondition"] as? String == #"result.status == "healthy""#)
        #expect(metric["failureCondition"] as? String == #"result.status == "unhealthy""#)
        let web = try #require((metric["provider"] as? [String: Any])?["web"] as? [String: Any])
        #expect(web["url"] as? String == "https://gw.example:8443/rollouts/analysis/latency")
        #expect(web["method"] as? String == "POST")
        let sent = try #require(web["jsonBody"] as? [String: String])
        #expect(
            Set(sent.keys) == [
                "rollout", "namespace", "uid", "revision", "canaryHash", "step", "metric",
                "count", "failureLimit",
            ])
        #expect(sent["count"] == "10")
        #expect(sent["failureLimit"] == "0")
        var used: Set<String> = ["api-token"]
        for value in sent.values where value.hasPrefix("{{args.") {
            used.insert(String(value.dropFirst(7).dropLast(2)))
        }
        #expect(used == declared)

        let rollout = try #require(documents[2] as? [String: Any])
        let strategy = try #require(
            (rollout["spec"] as? [String: Any])?["strategy"] as? [String: Any])
        let block = try #require(
            (strategy["canary"] as? [String: Any])?["analysis"] as? [String: Any])
        let given = Set(
            try #require(block["args"] as? [[String: Any]]).compactMap { $0["name"] as? String })
        #expect(given == declared.subtracting(["api-token"]))
    }

    @Test(
        "names that could leave their place in the YAML are refused",
        arguments: ["a\nb", "A", "a: b", "", "a/b", "-a"])
    func names(name: String) {
        #expect(throws: AnalysisTemplate.Fault.self) { try AnalysisTemplate(rollout: name) }
        #expect(throws: AnalysisTemplate.Fault.self) {
            try AnalysisTemplate(gateways: [.init(url: "https://x/\"\n")])
        }
    }
}
