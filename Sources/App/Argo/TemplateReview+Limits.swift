import Events
import Settings
import Yams

/// Finds values that Argo's validation refuses, and limits that end a run with a wrong result.
///
/// Source: argo-rollouts 1.9.1, `utils/analysis/helpers.go` (`ValidateMetric`, `ResolveMetric`)
/// and `metricproviders/webmetric`; the outcomes were observed on the real controller.
extension TemplateReview {
    /// The keys that the CRD defines, by the mapping that contains them.
    ///
    /// Strict decoding (`kubectl apply --validate=strict`, the default) refuses others.
    private static let keys: [String: [String]] = [
        "spec": ["args", "metrics", "dryRun", "measurementRetention", "templates"],
        "metric": [
            "name", "interval", "initialDelay", "count", "successCondition", "failureCondition",
            "failureLimit", "inconclusiveLimit", "consecutiveErrorLimit",
            "consecutiveSuccessLimit", "provider",
        ],
        "web": [
            "method", "url", "headers", "body", "timeoutSeconds", "jsonPath", "insecure",
            "jsonBody", "authentication",
        ],
        "header": ["key", "value"],
    ]

    /// Reports the keys of a mapping that the CRD does not define.
    static func misspelt(_ node: Yams.Node?, in place: String) -> [String] {
        guard let known = keys[place], let mapping = node?.mapping else { return [] }
        return mapping.keys.compactMap(\.string).filter { !known.contains($0) }.map { key in
            "\(place) has no key \(key): \(Suggestion.remedy(for: key, among: known))"
        }
    }

    /// Faults and warnings of a metric's numbers, durations and request.
    static func limits(of metric: Yams.Node, _ web: Yams.Node) -> [(isFault: Bool, words: String)] {
        var found: [(isFault: Bool, words: String)] = []
        func fault(_ words: String) { found.append((true, words)) }
        func warning(_ words: String) { found.append((false, words)) }

        for words in misspelt(metric, in: "metric") + misspelt(web, in: "web") { fault(words) }
        for header in web["headers"]?.sequence ?? [] {
            for words in misspelt(header, in: "header") { fault(words) }
        }

        func number(_ key: String, _ standard: Int?) -> Int? {
            guard let node = metric[key] else { return standard }
            if let value = node.int { return value }
            if let text = node.string, text.contains("{{") {
                warning("\(key) is \(text): not known before the run, so not reviewed")
            } else {
                fault("\(key) is not a whole number")
            }
            return nil
        }
        for key in ["interval", "initialDelay"] {
            guard let text = metric[key]?.string, !text.contains("{{") else { continue }
            if !isGoDuration(text) {
                fault("\(key) \(text): not a Go duration such as 30s or 1m30s; Argo refuses it")
            }
        }
        let count = number("count", metric["interval"] == nil ? 1 : nil)
        let failures = number("failureLimit", 0)
        let inconclusive = number("inconclusiveLimit", 0)
        if let count, count > 1, metric["interval"] == nil {
            fault("count \(count) without interval: Argo refuses it")
        }
        if let count, count > 0 {
            judge("failureLimit", failures, count, "a run of unhealthy verdicts ends Successful")
            judge(
                "inconclusiveLimit", inconclusive, count,
                "a run of unknown verdicts ends Successful")
        }
        func judge(_ key: String, _ limit: Int?, _ count: Int, _ words: String) {
            guard let limit else { return }
            if limit > count {
                fault(
                    "\(key) \(limit) is above count \(count): Argo refuses it and aborts the rollout"
                )
            } else if limit == count {
                fault("\(key) \(limit) equals count: \(words)")
            }
        }
        if let limit = number("consecutiveErrorLimit", 4), limit < 4 {
            fault(
                "consecutiveErrorLimit \(limit): during an outage of monitoring a gateway answers 503 three times, which may abort the rollout; 4 is the default"
            )
        }

        let method = web["method"]?.string
        if method == nil {
            fault(
                "method is missing: Argo sends GET, and every measurement is an Error; write method: POST"
            )
        } else if let method, !method.contains("{{"), !["GET", "POST", "PUT"].contains(method) {
            fault("method \(method): Argo supports GET, POST and PUT")
        }
        if web["body"] != nil, web["jsonBody"] != nil {
            fault("body beside jsonBody: every measurement is an Error")
        }
        let names = web["headers"]?.sequence?.compactMap { $0["key"]?.string?.lowercased() } ?? []
        if !names.contains("authorization"), web["authentication"] == nil {
            warning(
                "no Authorization header: unless a proxy in between presents a client certificate, each measurement is refused with 401, an Error"
            )
        }
        return found
    }

    /// The names of metrics in the template's `dryRun`: Argo ignores their outcome.
    static func dryRunNames(_ spec: Yams.Node?) -> [String] {
        spec?["dryRun"]?.sequence?.compactMap { $0["metricName"]?.string } ?? []
    }

    /// Whether Go's `time.ParseDuration` accepts the text.
    static func isGoDuration(_ text: String) -> Bool {
        guard
            let match = try? #/[-+]?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)/#
                .wholeMatch(in: text)
        else { return false }
        return !match.output.0.isEmpty
    }
}
