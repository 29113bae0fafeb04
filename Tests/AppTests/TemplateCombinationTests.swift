import Testing
import Yams

@testable import App

@Suite("Every combination of the options of template analysis")
struct TemplateCombinationTests {
    /// One combination; `limits` are interval, count and failure limit.
    struct Options: Sendable, CustomTestStringConvertible {
        let strategy: AnalysisTemplate.Strategy
        let placement: AnalysisTemplate.Placement
        let value: AnalysisTemplate.Value
        let degraded: AnalysisTemplate.Degraded
        let zones: [String]
        let concerns: [String]
        let limits: (interval: String, count: Int, failures: Int)

        var testDescription: String {
            "\(strategy.rawValue) \(placement.rawValue) \(value.rawValue) \(degraded.rawValue) "
                + "\(zones) \(concerns) \(limits)"
        }

        func template() throws -> AnalysisTemplate {
            try AnalysisTemplate(
                namespace: "prod", rollout: "shop",
                gateways: zones.map { .init(az: $0, url: "https://gw.example:8443") },
                concerns: concerns, degraded: degraded, value: value, interval: limits.interval,
                count: limits.count, failureLimit: limits.failures, strategy: strategy,
                placement: placement)
        }
    }

    static let all: [Options] = {
        var all: [Options] = []
        for strategy in AnalysisTemplate.Strategy.allCases {
            for placement in AnalysisTemplate.Placement.allCases
            where strategy == .canary || placement == .background {
                for value in AnalysisTemplate.Value.allCases {
                    for degraded in AnalysisTemplate.Degraded.allCases {
                        for zones in [[""], ["eu-1a", "eu-1b"]] {
                            for concerns in [[], ["errors", "latency"]] {
                                for limits in [("30s", 10, 0), ("5m", 3, 2), ("1h", 4, 1)] {
                                    all.append(
                                        Options(
                                            strategy: strategy, placement: placement, value: value,
                                            degraded: degraded, zones: zones, concerns: concerns,
                                            limits: limits))
                                }
                            }
                        }
                    }
                }
            }
        }
        return all
    }()

    @Test("there are as many as the options allow")
    func number() { #expect(Self.all.count == 4 * 2 * 2 * 2 * 2 * 3) }

    @Test("one object that Argo judges correctly, and comments that apply nothing", arguments: all)
    func combination(options: Options) throws {
        let template = try options.template()
        let review = TemplateReview(yaml: template.yaml)
        #expect(review.findings == [])
        #expect(review.metrics.count == options.zones.count * max(options.concerns.count, 1))
        for metric in review.metrics {
            #expect(
                metric.phases.map(\.phase) == [
                    .successful, options.degraded == .pass ? .successful : .inconclusive,
                    .inconclusive, .failed,
                ])
        }
        let comments = template.secretComments + template.rolloutComments
        #expect(comments.split(separator: "\n").allSatisfy { $0.hasPrefix("#") })
        #expect(
            comments.contains("status.currentStepIndex") == (options.strategy == .canary))
        #expect(
            comments.contains("kubectl -n prod patch ") == (options.placement == .background))
        #expect(comments.ranges(of: "create secret").count == options.zones.count)

        let documents = try Array(Yams.load_all(yaml: template.yaml + comments))
        #expect(documents.count == 1)
        let tree = try #require(documents.first as? [String: Any])
        #expect(tree["kind"] as? String == "AnalysisTemplate")
        let spec = try #require(tree["spec"] as? [String: Any])
        let declared = try #require(spec["args"] as? [[String: Any]])
        let secrets = declared.compactMap { $0["valueFrom"] as? [String: Any] }
        #expect(secrets.count == options.zones.count)
        for metric in try #require(spec["metrics"] as? [[String: Any]]) {
            #expect(metric["interval"] as? String == options.limits.interval)
            #expect(metric["initialDelay"] as? String == options.limits.interval)
            #expect(metric["count"] as? Int == options.limits.count)
            #expect(metric["failureLimit"] as? Int == options.limits.failures)
            #expect(metric["inconclusiveLimit"] as? Int == 2)
            #expect(metric["consecutiveErrorLimit"] as? Int == 4)
            let web = try #require((metric["provider"] as? [String: Any])?["web"] as? [String: Any])
            #expect((web["jsonPath"] != nil) == (options.value == .summary))
            let body = try #require(web["jsonBody"] as? [String: String])
            #expect((body["step"] != nil) == (options.strategy == .canary))
            #expect(body["count"] == "\(options.limits.count)")
            #expect(body["failureLimit"] == "\(options.limits.failures)")
            #expect(body["inconclusiveLimit"] == "2")
            #expect(body["metric"] == metric["name"] as? String)
        }
    }

    @Test("a name that YAML reads as something else is a text")
    func scalars() throws {
        let template = try AnalysisTemplate(
            name: "1e3", namespace: "2026-11-30", rollout: "on", concerns: ["on", "007"])
        let tree = try #require(Yams.load(yaml: template.yaml) as? [String: Any])
        let metadata = try #require(tree["metadata"] as? [String: Any])
        #expect(metadata["name"] as? String == "1e3")
        #expect(metadata["namespace"] as? String == "2026-11-30")
        let spec = try #require(tree["spec"] as? [String: Any])
        let metrics = try #require(spec["metrics"] as? [[String: Any]])
        #expect(metrics.map { $0["name"] as? String } == ["on", "007"])
        for metric in metrics {
            let web = try #require((metric["provider"] as? [String: Any])?["web"] as? [String: Any])
            let body = try #require(web["jsonBody"] as? [String: String])
            #expect(body["metric"] == metric["name"] as? String)
        }
        #expect(TemplateReview(yaml: template.yaml).findings == [])
    }
}
