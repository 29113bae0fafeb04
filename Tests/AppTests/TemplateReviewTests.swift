import Analysis
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
              initialDelay: 30s
              \(success.map { "successCondition: '\($0)'" } ?? "")
              \(failure.map { "failureCondition: '\($0)'" } ?? "")
              \(metric)
              provider:
                web:
                  url: https://gw.example/rollouts/analysis
                  headers: [{key: Authorization, value: "Bearer {{ args.api-token }}"}]
                  jsonBody: {rollout: shop}
                  \(web)
        """
    }

    private func phases(_ review: TemplateReview) -> [ArgoRun.Phase?] {
        review.metrics.first?.phases.map(\.phase) ?? []
    }

    @Test("the shipped templates judge each verdict correctly, by zone and by concern")
    func shipped() throws {
        for (degraded, value) in AnalysisTemplate.Degraded.allCases.flatMap({ degraded in
            AnalysisTemplate.Value.allCases.map { (degraded, $0) }
        }) {
            let template = try AnalysisTemplate(
                gateways: [
                    .init(az: "eu-west-1a", url: "https://a.example:8443"),
                    .init(az: "eu-west-1b", url: "https://b.example:8443"),
                ], concerns: ["errors", "latency"], degraded: degraded, value: value)
            for argo in [nil, "1.9.1", "1.10.0-rc1"] {
                let found = TemplateReview(yaml: template.yaml, argo: argo).findings
                #expect(found.filter { !$0.place.isEmpty } == [])
            }
            let review = TemplateReview(yaml: template.yaml)
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

    @Test("a url that is known only in the run is reported as not reviewed, never skipped")
    func templatedURL() {
        func found(_ url: String) -> [TemplateReview.Finding] {
            let yaml = template().replacing("https://gw.example/rollouts/analysis", with: url)
            return TemplateReview(yaml: yaml).findings.filter { $0.words.contains("review") }
        }
        let whole = found("'{{args.url}}'")
        #expect(whole.count == 1)
        #expect(whole.first?.isFault == false)
        #expect(
            whole.first?.words.hasPrefix(
                "url is {{args.url}}: not known before the run, so not reviewed") == true)
        #expect(whole.first?.place == "mine/verdict")
        #expect(found("'{{args.url}}/rollouts/analysis'").isEmpty)
        let other = found("https://prometheus.example/query")
        #expect(
            other.map(\.words) == ["no metric calls /rollouts/analysis: there is nothing to review"]
        )
    }

    @Test(
        "the query of a GET is read as the gateway reads it",
        arguments: [
            ("rollout=shop&namespace=prod", []),
            (
                "rolout=shop&namespace=prod",
                [
                    "rolout in the query: the gateway ignores this member: did you mean rollout?",
                    #"url: the gateway answers 400, an Error: field "rollout" is required"#,
                ]
            ),
            ("rollout=shop", ["the query has no namespace: the gateway takes default"]),
            (
                "rollout={{args.api-token}}&namespace=prod&step=%zz",
                [
                    #"url: the gateway answers 400, an Error: field "step" is not a valid query: a value has a broken percent escape or is not UTF-8"#
                ]
            ),
            (
                "{{args.api-token}}",
                [
                    "url is https://gw.example/rollouts/analysis?{{args.api-token}}: not known before the run, so its query is not reviewed"
                ]
            ),
        ] as [(String, [String])])
    func query(query: String, words: [String]) {
        let yaml = template(web: "method: GET")
            .replacing("jsonBody: {rollout: shop}", with: "")
            .replacing("rollouts/analysis", with: "rollouts/analysis?\(query)")
        let found = TemplateReview(yaml: yaml).findings.map(\.words)
        #expect(found == words, "\(found)")
    }

    @Test(
        "a media type of a body is one that the gateway accepts",
        arguments: [
            ("application/json", true), ("Application/JSON; charset=utf-8", true),
            ("text/plain", false), ("application/json-patch+json", false),
            ("application/jsonl", false),
        ])
    func media(type: String, isAccepted: Bool) {
        let yaml = template()
            .replacing("jsonBody: {rollout: shop}", with: #"body: '{"rollout":"shop"}'"#)
            .replacing("headers: [", with: "headers: [{key: content-type, value: '\(type)'}, ")
        let refused = TemplateReview(yaml: yaml).findings.filter {
            $0.words == "Content-Type \(type): the gateway answers 415, an Error"
        }
        #expect(refused.map(\.isFault) == (isAccepted ? [] : [true]))
    }

    @Test("a list, as kubectl prints several templates, is reviewed item by item")
    func list() throws {
        func item(_ template: AnalysisTemplate) -> String {
            template.yaml.split(separator: "\n").map { "\n    \($0)" }.joined()
        }
        let (first, second) = (
            try AnalysisTemplate(name: "a"), try AnalysisTemplate(name: "b", value: .document)
        )
        let list = "kind: List\nitems:\n  -\(item(first))\n  -\(item(second))\n"
        let review = TemplateReview(yaml: list)
        #expect(review.findings == [])
        #expect(review.metrics.map(\.template) == ["a", "b"])
        let wrong = TemplateReview(
            yaml: list.replacing("failureLimit: 0", with: "failureLimit: 10"))
        #expect(wrong.findings.map(\.place) == ["a/verdict", "b/verdict"])
        // A list of something else.
        #expect(TemplateReview(yaml: "kind: List\nitems: [{kind: Service}]").hasFaults)
    }

    @Test("the printed body has every member that a gateway reads and that Argo knows")
    func members() throws {
        let printed = try AnalysisTemplate().yaml
        for name in MeasurementRequest.members where !["attempt", "weight"].contains(name) {
            #expect(printed.contains("\n            \(name): "), "\(name)")
        }
    }

    @Test(
        "an index of any size in a condition is no index of a list",
        arguments: [
            "[1, 2][9223372036854775807]", "[1, 2][-9223372036854775807]",
            #"[1, 2][asInt("9223372036854775807")]"#, #"result[asFloat("1e300")]"#,
        ])
    func hugeIndex(value: String) {
        for argo in ["1.9.1", "1.10.0"] {
            let review = TemplateReview(yaml: template(success: "\(value) == 1"), argo: argo)
            #expect(!review.findings.isEmpty)
            #expect(!phases(review).contains(.successful), "\(review.findings)")
        }
    }

    @Test("limits of any size are compared")
    func hugeLimits() {
        let most = Int.max
        let yaml = template(
            metric: "failureLimit: \(most)\n      consecutiveSuccessLimit: \(most)")
        #expect(
            TemplateReview(yaml: yaml, argo: "1.9.1").findings.contains {
                $0.isFault && $0.words.hasPrefix("count 10 is below failureLimit + consecutive")
            })
    }

    @Test("limits given by arguments are reported as beyond the review")
    func templated() {
        let review = TemplateReview(
            yaml: template(metric: "failureLimit: '{{args.limit}}'", spec: ""), argo: "1.9.1")
        #expect(
            review.findings.contains {
                !$0.isFault
                    && $0.words
                        == "failureLimit is {{args.limit}}: not known before the run, so not reviewed"
            })
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
        for interval in ["1d2h", "0s", "00m", "0.5s", "s", "", "-1s", "99999999999999999999h"] {
            #expect(throws: AnalysisTemplate.Fault.self, "\(interval)") {
                try AnalysisTemplate(interval: interval)
            }
        }
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
