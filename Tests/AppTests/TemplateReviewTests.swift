import JSONScan
import Settings
import Testing
import Yams

@testable import App

@Suite("What a template of Argo's would make of our verdicts")
struct TemplateReviewTests {
    private func template(
        success: String? = #"result.status == "healthy""#,
        failure: String? = #"result.status == "unhealthy""#, web: String = "", metric: String = ""
    ) -> String {
        """
        kind: AnalysisTemplate
        metadata: {name: mine}
        spec:
          args: [{name: api-token}]
          metrics:
            - name: verdict
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

    @Test("the shipped templates judge each verdict rightly, zone by zone and concern by concern")
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
            #expect(documents.count == 3)
        }
    }

    @Test(
        "conditions that misjudge are found",
        arguments: [
            (#"result.status != "unhealthy""#, nil, "unknown becomes Successful"),
            (#"result.nope != "unhealthy""#, nil, "result.nope is in no answer"),
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

    @Test("spellings that judge rightly are left alone")
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
                web: "jsonPath: '{$.status}'"), argo: "1.10.0")
        #expect(path.findings == [])
    }

    @Test("what is beyond the review is said to be, and no more")
    func beyond() {
        let review = TemplateReview(
            yaml: template(success: "asFloat(result.score) > 90"), argo: "1.10.0")
        #expect(!review.hasFaults)
        #expect(review.findings.map(\.isFault) == [false])
        #expect(phases(review) == [nil, nil, nil, nil])
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
        #expect(TemplateReview(yaml: template(web: "timeoutSeconds: 2")).hasFaults)
        #expect(TemplateReview(yaml: "kind: Service").hasFaults)
        #expect(TemplateReview(yaml: "a: [").hasFaults)
    }

    @Test("a template that does not go with the gateway's configuration is warned of")
    func configuration() throws {
        let analysis = Settings.embedded.analysis
        #expect(try AnalysisTemplate().warnings(for: analysis) == [])
        #expect(try AnalysisTemplate(interval: "4s").warnings(for: analysis).count == 1)
        #expect(try AnalysisTemplate(interval: "10m").warnings(for: analysis).count == 1)
        let unknown = try AnalysisTemplate(concerns: ["coffee"]).warnings(for: analysis)
        #expect(unknown.first?.contains("404") == true)
        #expect(throws: AnalysisTemplate.Fault.self) { try AnalysisTemplate(interval: "1d2h") }
    }
}
