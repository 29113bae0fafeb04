import App
import JSON
import Testing
import Yams

@Suite("How Argo Rollouts interprets our responses")
struct ArgoTests {
    private func body(_ status: String) -> [UInt8] {
        Array(
            #"{"status":"\#(status)","degraded":\#(status != "healthy"),"summary":"\#(status): 5xx_rate 0.83 % over the warning limit 0.5 % (eu-west-1a, attempt 4)"}"#
                .utf8)
    }

    @Test(
        "the three verdicts become the three phases",
        arguments: [
            ("healthy", ArgoRun.Phase.successful), ("degraded", .inconclusive),
            ("unknown", .inconclusive), ("unhealthy", .failed),
        ])
    func phases(status: String, phase: ArgoRun.Phase) throws {
        for value in AnalysisTemplate.Value.allCases {
            let template = try AnalysisTemplate(value: value)
            #expect(ArgoRun.phase(status: 200, body: body(status), template: template) == phase)
            let passing = try AnalysisTemplate(degraded: .pass, value: value)
            let passed = ArgoRun.phase(status: 200, body: body(status), template: passing)
            #expect(passed == (status == "degraded" ? .successful : phase))
        }
    }

    @Test("the AnalysisRun keeps the line for people; the document only on request")
    func value() throws {
        let answer = body("degraded")
        #expect(
            ArgoRun.value(of: answer, template: try AnalysisTemplate())
                == #""degraded: 5xx_rate 0.83 % over the warning limit 0.5 % (eu-west-1a, attempt 4)""#
        )
        #expect(
            ArgoRun.value(of: answer, template: try AnalysisTemplate(value: .document))
                == String(decoding: answer, as: UTF8.self))
    }

    @Test(
        "an answer that names no status never promotes and never aborts",
        arguments: [
            "healthy", "healthier: all is well", "HEALTHY: yes", " healthy: yes", "", "ok",
            "not healthy: no", "unhealthyish: no", "200", "the canary is unhealthy: abort",
        ])
    func closed(text: String) throws {
        for degraded in AnalysisTemplate.Degraded.allCases {
            let template = try AnalysisTemplate(degraded: degraded)
            let answer = #"{"status":"x","summary":"\#(text)"}"#
            #expect(
                ArgoRun.phase(status: 200, body: Array(answer.utf8), template: template)
                    == .inconclusive)
            let document = try AnalysisTemplate(degraded: degraded, value: .document)
            let other = #"{"status":"\#(text == "healthy" ? "sound" : text)"}"#
            #expect(
                ArgoRun.phase(status: 200, body: Array(other.utf8), template: document)
                    == .inconclusive)
        }
        // A summary that is no text, or none: an Error, which is retried.
        for answer in [
            #"{"status":"healthy"}"#, #"{"status":"healthy","summary":null}"#,
            #"{"status":"healthy","summary":{"healthy":1}}"#, #"{"status":"healthy","summary":7}"#,
        ] {
            #expect(
                ArgoRun.phase(
                    status: 200, body: Array(answer.utf8), template: try AnalysisTemplate())
                    == .error)
        }
    }

    @Test("a response that is not a document is an error, whatever the status")
    func errors() throws {
        for broken in ["", "null", "<html>", #"{"status":"#, "{}"] {
            #expect(
                ArgoRun.phase(
                    status: 200, body: Array(broken.utf8), template: try AnalysisTemplate())
                    == .error)
        }
        #expect(
            ArgoRun.phase(status: 503, body: body("healthy"), template: try AnalysisTemplate())
                == .error)
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

        var good = ArgoRun(template: try AnalysisTemplate(count: 3))
        for _ in 0..<2 { #expect(good.record(status: 200, body: body("healthy")).ending == nil) }
        #expect(good.record(status: 200, body: body("healthy")).ending == .promoted)
    }

    @Test("the template is YAML that declares every argument it uses")
    func template() throws {
        let template = try AnalysisTemplate(
            namespace: "prod", rollout: "payments-api",
            gateways: [.init(url: "https://gw.example:8443/")], concerns: ["latency"])
        let documents = try Array(Yams.load_all(yaml: template.yaml))
        // One object that can be applied: no Rollout, no Secret with a placeholder.
        #expect(documents.count == 1)
        #expect((documents.first as? [String: Any])?["kind"] as? String == "AnalysisTemplate")
        let analysis = try #require(documents[0] as? [String: Any])
        let spec = try #require(analysis["spec"] as? [String: Any])
        let declared = Set(
            try #require(spec["args"] as? [[String: Any]]).compactMap { $0["name"] as? String })
        let metric = try #require((spec["metrics"] as? [[String: Any]])?.first)
        #expect(metric["successCondition"] as? String == #"result startsWith "healthy:""#)
        #expect(metric["failureCondition"] as? String == #"result startsWith "unhealthy:""#)
        let web = try #require((metric["provider"] as? [String: Any])?["web"] as? [String: Any])
        #expect(web["url"] as? String == "https://gw.example:8443/rollouts/analysis/latency")
        #expect(web["method"] as? String == "POST")
        #expect(web["jsonPath"] as? String == "{$.summary}")
        let sent = try #require(web["jsonBody"] as? [String: String])
        #expect(
            Set(sent.keys) == [
                "rollout", "namespace", "uid", "revision", "canaryHash", "stableHash", "step",
                "metric", "count", "failureLimit", "inconclusiveLimit",
            ])
        #expect(metric["initialDelay"] as? String == "30s")
        #expect(metric["inconclusiveLimit"] as? Int == 2)
        #expect(sent["count"] == "10")
        #expect(sent["failureLimit"] == "0")
        #expect(sent["inconclusiveLimit"] == "2")
        #expect(sent["stableHash"] == "{{args.stable-hash}}")
        var used: Set<String> = ["api-token"]
        for value in sent.values where value.hasPrefix("{{args.") {
            used.insert(String(value.dropFirst(7).dropLast(2)))
        }
        #expect(used == declared)

        let patch = try Self.patch(in: template.rolloutComments)
        let block = try #require(patch["spec"]?["strategy"]?["canary"]?["analysis"])
        #expect(Self.names(block) == declared.subtracting(["api-token"]))
        #expect(block["startingStep"]?.integer == 1)
    }

    /// The patch of a type in the comments, as a shell passes it on.
    static func patch(_ type: String = "merge", in comments: String) throws -> JSONValue {
        for line in comments.split(separator: "\n") { #expect(line.hasPrefix("#")) }
        let line = try #require(
            comments.split(separator: "\n").last { $0.contains(" --type \(type) ") })
        let start = try #require(line.firstRange(of: "--patch '"))
        let quoted = line[start.upperBound...].dropLast().replacing("'\\''", with: "'")
        return try JSONValue(
            parsing: Array(quoted.utf8), limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 16))
    }

    private static func names(_ block: JSONValue) -> Set<String> {
        guard case .array(let args)? = block["args"] else { return [] }
        return Set(args.compactMap { $0["name"]?.string })
    }

    @Test("a template of another name has a Secret and a patch of its own")
    func name() throws {
        let template = try AnalysisTemplate(name: "pay", rollout: "pay-api")
        #expect(template.yaml.contains("metadata:\n  name: pay\n"))
        #expect(template.yaml.contains("name: pay-token\n"))
        #expect(template.secretComments.contains("generic pay-token "))
        for type in ["merge", "json"] {
            let patch = try Self.patch(type, in: template.rolloutComments)
            var writer = JSONWriter()
            writer.value(patch)
            #expect(writer.text.contains(#"{"templateName":"pay"}"#))
        }
        #expect(throws: AnalysisTemplate.Fault.self) { try AnalysisTemplate(name: "Pay_API") }
    }

    @Test("with --value document the conditions read the status of the whole document")
    func document() throws {
        let yaml = try AnalysisTemplate(degraded: .pass, value: .document).yaml
        #expect(!yaml.contains("jsonPath"))
        #expect(
            yaml.contains(
                #"successCondition: 'result.status == "healthy" || result.status == "degraded"'"#))
        #expect(yaml.contains(#"failureCondition: 'result.status == "unhealthy"'"#))
    }

    @Test("only a canary with steps refers to the current step")
    func strategies() throws {
        for strategy in AnalysisTemplate.Strategy.allCases {
            let template = try AnalysisTemplate(rollout: "shop", strategy: strategy)
            let hasStep = strategy == .canary
            #expect(template.yaml.contains("{{args.step}}") == hasStep)
            #expect(template.yaml.contains("- name: step") == hasStep)
            let patch = try Self.patch(in: template.rolloutComments)
            let block = try #require(
                strategy == .bluegreen
                    ? patch["spec"]?["strategy"]?["blueGreen"]?["prePromotionAnalysis"]
                    : patch["spec"]?["strategy"]?["canary"]?["analysis"])
            #expect(Self.names(block).contains("step") == hasStep)
            #expect((block["startingStep"] != nil) == hasStep)
            #expect(TemplateReview(yaml: template.yaml).findings == [])
        }
        let step = try AnalysisTemplate(rollout: "shop", placement: .step)
        #expect(step.rolloutComments.contains("kubectl -n default edit rollout shop"))
        #expect(step.rolloutComments.split(separator: "\n").allSatisfy { $0.hasPrefix("#") })
        #expect(throws: AnalysisTemplate.Fault.self) {
            try AnalysisTemplate(strategy: .bluegreen, placement: .step)
        }
    }

    @Test("each zone has its own token and Secret, created by the commands in comments")
    func secrets() throws {
        let template = try AnalysisTemplate(gateways: [
            .init(az: "eu-1a", url: "https://a.example"),
            .init(az: "eu-1b", url: "https://b.example"),
        ])
        for zone in ["eu-1a", "eu-1b"] {
            #expect(template.yaml.contains("\"Bearer {{args.api-token-\(zone)}}\""))
            #expect(template.yaml.contains("name: bellwether-token-\(zone)\n"))
            #expect(template.secretComments.contains("generic bellwether-token-\(zone) "))
        }
        #expect(template.secretComments.split(separator: "\n").allSatisfy { $0.hasPrefix("#") })
    }

    @Test(
        "limits that would end a run wrongly are refused with the reason",
        arguments: [
            (
                1, 0,
                "--count 1: with fewer than 3 measurements a run that can measure nothing may end Successful; use 3 or more"
            ),
            (
                2, 0,
                "--count 2: with fewer than 3 measurements a run that can measure nothing may end Successful; use 3 or more"
            ),
            (
                3, 3,
                "--failure-limit 3 is not below --count 3: a canary that is unhealthy to the end would be Successful"
            ),
            (
                10, 11,
                "--failure-limit 11 is not below --count 10: a canary that is unhealthy to the end would be Successful"
            ),
            (10, -1, "--failure-limit must be at least 0"),
        ])
    func limits(count: Int, failureLimit: Int, words: String) {
        let fault = #expect(throws: AnalysisTemplate.Fault.self) {
            try AnalysisTemplate(count: count, failureLimit: failureLimit)
        }
        #expect(fault?.description == words)
    }

    @Test("the smallest run that is not refused stops for what must stop it")
    func smallest() throws {
        let template = try AnalysisTemplate(count: 3, failureLimit: 2)
        #expect(template.inconclusiveLimit == 2)
        var run = ArgoRun(template: template)
        for _ in 0..<2 { #expect(run.record(status: 200, body: body("unhealthy")).ending == nil) }
        guard case .aborted = run.record(status: 200, body: body("unhealthy")).ending else {
            Issue.record("unhealthy to the end must abort")
            return
        }
    }

    @Test("a refused address is named by the option that gave it")
    func addresses() {
        for (az, option) in [("", "--url"), ("eu-1a", "--gateway eu-1a")] {
            let fault = #expect(throws: AnalysisTemplate.Fault.self) {
                try AnalysisTemplate(gateways: [.init(az: az, url: "gw.example:8443")])
            }
            #expect(fault?.description == "\(option): must be an http:// or https:// address")
        }
    }

    @Test("a run that can measure nothing never ends Successful, whatever its count")
    func outage() throws {
        for count in 3...12 {
            var run = ArgoRun(template: try AnalysisTemplate(count: count))
            var ending: ArgoRun.Ending?
            for answer in 0..<(count + 3) where ending == nil {
                ending = run.record(status: answer < 3 ? 503 : 200, body: body("unknown")).ending
            }
            guard case .paused = ending else {
                Issue.record("count \(count): \(String(describing: ending))")
                continue
            }
        }
    }

    @Test(
        "names that could break out of their place in the YAML are refused",
        arguments: ["a\nb", "A", "a: b", "", "a/b", "-a"])
    func names(name: String) {
        #expect(throws: AnalysisTemplate.Fault.self) { try AnalysisTemplate(rollout: name) }
        #expect(throws: AnalysisTemplate.Fault.self) {
            try AnalysisTemplate(gateways: [.init(url: "https://x/\"\n")])
        }
    }
}
