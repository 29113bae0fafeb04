import JSON
import Settings
import Testing
import Yams

@testable import App

@Suite("How a template for Argo interprets our verdicts")
struct TemplateReviewTests {
    private func template(
        success: String? = #"result.status == "healthy""#,
        failure: String? = #"result.status == "unhealthy""#, web: String = "method: POST",
        metric: String = "", spec: String = ""
    ) -> String {
        """
        kind: AnalysisTemplate
        metadata: {name: mine}
        spec:
          args: [{name: api-token}]
          \(spec)
          metrics:
            - name: verdict
              interval: 30s
              count: 10
              inconclusiveLimit: 2
              \(success.map { "successCondition: '\($0)'" } ?? "")
              \(failure.map { "failureCondition: '\($0)'" } ?? "")
              \(metric)
              provider:
                web:
                  url: https://gw.example/rollouts/analysis
                  headers: [{key: Authorization, value: "Bearer {{ args.api-token }}"}]
                  \(web)
        """
    }

    private func phases(_ review: TemplateReview) -> [ArgoRun.Phase?] {
        review.metrics.first?.phases.map(\.phase) ?? []
    }

    @Test("the shipped templates judge each verdict correctly, by zone and by concern")
    func shipped() throws {
        for degraded in AnalysisTemplate.Degraded.allCases {
            let template = try AnalysisTemplate(
                gateways: [
                    .init(az: "eu-west-1a", url: "https://a.example:8443"),
                    .init(az: "eu-west-1b", url: "https://b.example:8443"),
                ], concerns: ["errors", "latency"], degraded: degraded)
            let review = TemplateReview(yaml: template.yaml, argo: "1.10.0")
            #expect(review.findings == [])
            #expect(
                review.metrics.map(\.name) == [
                    "errors-eu-west-1a", "latency-eu-west-1a", "errors-eu-west-1b",
                    "latency-eu-west-1b",
                ])
            for metric in review.metrics {
                #expect(
                    metric.phases.map(\.phase) == [
                        .successful, degraded == .pass ? .successful : .inconclusive,
                        .inconclusive, .failed,
                    ])
            }
            let documents = try Array(Yams.load_all(yaml: template.yaml))
            #expect(documents.count == 1)
        }
    }

    @Test(
        "conditions that misjudge are found",
        arguments: [
            (#"result.status != "unhealthy""#, nil, "unknown becomes Successful"),
            (#"result.nope != "unhealthy""#, nil, "no answer contains result.nope"),
            (#"result.status == "Healthy""#, nil, "healthy becomes Failed"),
            (nil, #"result.status == "failed""#, "unhealthy becomes Successful"),
            (nil, nil, "unhealthy becomes Successful"),
            (#"result.canary.5xx_rate < 0.01"#, nil, "Argo cannot compile the condition"),
            (#"result.status = "healthy""#, nil, "Argo cannot compile the condition"),
            (
                #"result.status == "healthy""#, #"result.degraded"#,
                "degraded becomes Failed"
            ),
        ] as [(String?, String?, String)])
    func misjudging(success: String?, failure: String?, words: String) {
        let review = TemplateReview(
            yaml: template(success: success, failure: failure), argo: "1.10.0")
        #expect(
            review.findings.contains { $0.words.hasPrefix(words) }, "\(review.findings)")
    }

    @Test("equivalent correct spellings are accepted")
    func right() {
        for (success, failure) in [
            (#"result.status in ["healthy", "degraded"]"#, #"result.status == "unhealthy""#),
            (#"!result.degraded"#, #"result["status"] == "unhealthy""#),
            (#"result.degraded == false and true"#, #"(result.status == "unhealthy")"#),
        ] {
            let review = TemplateReview(
                yaml: template(success: success, failure: failure), argo: "1.10.0")
            #expect(review.findings == [])
            #expect(phases(review).first == .successful)
            #expect(phases(review).last == .failed)
        }
        let path = TemplateReview(
            yaml: template(
                success: #"result == "healthy""#, failure: #"result == "unhealthy""#,
                web: "method: POST\n          jsonPath: '{$.status}'"), argo: "1.10.0")
        #expect(path.findings == [])
    }

    @Test("conditions beyond the review are reported as such")
    func beyond() {
        let review = TemplateReview(
            yaml: template(success: "asFloat(result.score) > 90"), argo: "1.10.0")
        #expect(!review.hasFaults)
        #expect(review.findings.map(\.isFault) == [false])
        #expect(phases(review) == [nil, nil, nil, nil])
    }

    @Test(
        "requests, limits and keys that Argo refuses or misjudges are found",
        arguments: [
            ("", "", "", "method is missing"),
            ("method: PATCH", "", "", "method PATCH"),
            (
                "method: POST\n          body: x\n          jsonBody: {a: b}", "", "",
                "body beside jsonBody"
            ),
            ("method: POST\n          timeout: 3", "", "", "web has no key timeout"),
            ("method: POST", "consecutiveErrorLimit: 3", "", "consecutiveErrorLimit 3"),
            ("method: POST", "failureLimit: 10", "", "failureLimit 10 equals count"),
            ("method: POST", "failureLimit: 11", "", "failureLimit 11 is above count"),
            ("method: POST", "failureLimit: many", "", "failureLimit is not a whole number"),
            (
                "method: POST", "failurelimit: 1", "",
                "metric has no key failurelimit: did you mean failureLimit?"
            ),
            ("method: POST", "initialDelay: 30 seconds", "", "initialDelay 30 seconds"),
            ("method: POST", "", "dryRun: [{metricName: verdict}]", "dryRun"),
            ("method: POST", "", "dryrun: []", "spec has no key dryrun: did you mean dryRun?"),
        ])
    func limits(web: String, metric: String, spec: String, words: String) {
        let review = TemplateReview(
            yaml: template(web: web, metric: metric, spec: spec), argo: "1.10.0")
        #expect(
            review.findings.contains { $0.isFault && $0.words.hasPrefix(words) },
            "\(review.findings)")
    }

    @Test("limits given by arguments are reported as beyond the review")
    func templated() {
        let review = TemplateReview(
            yaml: template(metric: "failureLimit: '{{args.limit}}'", spec: ""), argo: "1.10.0")
        #expect(
            review.findings.contains {
                !$0.isFault
                    && $0.words
                        == "failureLimit is {{args.limit}}: not known before the run, so not reviewed"
            })
    }

    @Test("count without interval and inconclusiveLimit at count are faults")
    func counts() {
        for (metric, words) in [
            ("count: 3", "count 3 without interval: Argo refuses it"),
            (
                "{count: 3, interval: 30s, inconclusiveLimit: 3}",
                "inconclusiveLimit 3 equals count: a run of unknown verdicts ends Successful"
            ),
        ] {
            let node = try? Yams.compose(yaml: metric)
            let found = node.map { TemplateReview.limits(of: $0, Node("x")) } ?? []
            #expect(found.contains { $0.isFault && $0.words == words }, "\(found)")
        }
    }

    @Test("backticks in a condition need Argo 1.10")
    func backticks() {
        let yaml = template(success: "result.status == `healthy`")
        let has = { (review: TemplateReview) in
            review.findings.contains { $0.isFault && $0.words.contains("backticks") }
        }
        #expect(has(TemplateReview(yaml: yaml, argo: "1.9.1")))
        #expect(!has(TemplateReview(yaml: yaml, argo: "1.10.0")))
    }

    @Test("versions, arguments and limits that misjudge")
    func others() {
        #expect(TemplateReview(yaml: template(), argo: "v1.8.1").hasFaults)
        let stock = TemplateReview(yaml: template(), argo: "1.9.1")
        #expect(!stock.hasFaults)
        #expect(stock.findings.count == 1)
        let undeclared = TemplateReview(yaml: template(web: "method: '{{args.how}}'"))
        #expect(
            undeclared.findings.map(\.words).first?.hasPrefix("args.how is not declared") == true)
        #expect(
            TemplateReview(yaml: template(web: "method: POST\n          timeoutSeconds: 2"))
                .hasFaults)
        #expect(TemplateReview(yaml: "kind: Service").hasFaults)
        #expect(TemplateReview(yaml: "a: [").hasFaults)
    }

    @Test("a template that does not match the gateway's configuration causes a warning")
    func configuration() throws {
        let analysis = Settings.embedded.analysis
        #expect(try AnalysisTemplate().warnings(for: analysis) == [])
        #expect(try AnalysisTemplate(interval: "4s").warnings(for: analysis).count == 1)
        #expect(try AnalysisTemplate(interval: "10m").warnings(for: analysis).count == 1)
        // Beyond twice the configured interval and 5 min, each measurement begins a new run.
        var slow = analysis
        slow.interval = .seconds(200)
        #expect(try AnalysisTemplate(interval: "400s").warnings(for: slow) == [])
        #expect(try AnalysisTemplate(interval: "401s").warnings(for: slow).count == 1)
        let unknown = try AnalysisTemplate(concerns: ["coffee"]).warnings(for: analysis)
        #expect(unknown.first?.contains("404") == true)
        #expect(throws: AnalysisTemplate.Fault.self) { try AnalysisTemplate(interval: "1d2h") }
    }

    @Test("the policy that judges the rollout decides which concerns there are")
    func policies() throws {
        let analysis = try Settings.parse(
            text: """
                analysis:
                  policies:
                    - {name: pay, match: {namespace: prod, rollout: "pay-*"}, concerns: {fast: [canary.p99_ms]}}
                """
        ).analysis
        func warnings(_ rollout: String, _ concern: String) throws -> [String] {
            try AnalysisTemplate(namespace: "prod", rollout: rollout, concerns: [concern])
                .warnings(for: analysis)
        }
        #expect(try warnings("pay-api", "fast") == [])
        #expect(try warnings("pay-api", "latency").count == 1)
        #expect(try warnings("shop", "fast").first?.contains("matches prod/shop") == true)
    }
}
