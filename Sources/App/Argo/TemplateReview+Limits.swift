import Events
import Yams

/// Finds values that Argo's validation refuses, and limits that end a run with a wrong result.
///
/// Source: `ValidateMetric` in `utils/analysis/factory.go` and `assessMetricStatus` in
/// `analysis/analysis.go` of Argo Rollouts 1.7.2 to 1.10; the outcomes were observed on the real
/// controller.
extension TemplateReview {
    /// Faults and warnings of a metric's numbers and durations.
    func limits(of metric: Yams.Node) -> Remarks {
        var remarks = Remarks()

        /// A number or a text with one. Argo reads any other text as 0.
        func number(_ key: String) -> Int? {
            guard let node = metric[key] else { return 0 }
            if let value = node.int { return value }
            guard let text = node.string, node.tag.description.hasSuffix(":str") else { return nil }
            if text.contains("{{") {
                remarks.warn("\(key) is \(text): not known before the run, so not reviewed")
                return nil
            }
            if let value = Int(text) { return value }
            remarks.fault("\(key) \(text) is not a whole number: Argo reads it as 0")
            return 0
        }
        func duration(_ key: String) -> Bool {
            guard let text = metric[key]?.string, !text.isEmpty else { return false }
            if text.contains("{{") {
                remarks.warn("\(key) is \(text): not known before the run, so not reviewed")
            } else if !Self.isGoDuration(text) {
                remarks.fault(
                    "\(key) \(text): not a Go duration such as 30s or 1m30s; Argo refuses it")
            } else if !text.contains(where: { ("1"..."9").contains($0) }) || text.hasPrefix("-"),
                key == "interval"
            {
                remarks.fault("interval \(text): Argo measures again without a pause")
            }
            return true
        }
        let hasInterval = duration("interval")
        let hasDelay = duration("initialDelay")
        let counted = number("count")
        let failures = number("failureLimit")
        let inconclusive = number("inconclusiveLimit")
        let errors = metric["consecutiveErrorLimit"] == nil ? 4 : number("consecutiveErrorLimit")
        let successes = number("consecutiveSuccessLimit")

        for (key, value) in [
            ("inconclusiveLimit", inconclusive), ("consecutiveErrorLimit", errors),
            ("consecutiveSuccessLimit", successes),
        ] {
            if let value, value < 0 {
                remarks.fault("\(key) \(value) is negative: Argo refuses it and aborts the rollout")
            }
        }
        if let failures, failures < 0 { disabled(failures, successes, &remarks) }
        if let errors, (0..<4).contains(errors) {
            remarks.fault(
                "consecutiveErrorLimit \(errors): during an outage of monitoring a gateway answers 503 three times, which may abort the rollout; 4 is the default"
            )
        }
        if metric["inconclusiveLimit"] == nil {
            remarks.warn("inconclusiveLimit is 0 by default: the first Inconclusive answer pauses")
        }
        if !hasDelay {
            remarks.warn("no initialDelay: the first measurement may see too few requests")
        }
        guard let counted else { return remarks }
        if counted < 0 {
            remarks.fault(
                "count \(counted): the run ends after its first measurement, whatever the limits")
        }
        if counted > 1, !hasInterval {
            remarks.fault("count \(counted) without interval: Argo refuses it")
        }
        if counted == 0, hasInterval {
            remarks.warn(
                "a metric with interval and without count never ends: it fits a background run only; in a step, and before or after promotion, Argo refuses it"
            )
        }
        let count = counted == 0 && !hasInterval ? 1 : counted
        guard count > 0 else { return remarks }
        compare(
            "failureLimit", failures, count, counted, "a run of unhealthy verdicts ends Successful")
        compare(
            "inconclusiveLimit", inconclusive, count, counted,
            "a run of unknown verdicts ends Successful")
        if let successes, successes > 0 {
            if let failures, counted > 0, count < successes +| max(failures, 0) {
                remarks.fault(
                    "count \(count) is below failureLimit + consecutiveSuccessLimit (\(max(failures, 0)) + \(successes)): Argo refuses it and aborts the rollout"
                )
            }
            remarks.warn(
                "consecutiveSuccessLimit \(successes) ends the run after \(successes) healthy \(successes == 1 ? "verdict" : "verdicts") in a row; a run that ends before is Inconclusive"
            )
        }
        return remarks

        func compare(_ key: String, _ limit: Int?, _ count: Int, _ given: Int, _ words: String) {
            guard let limit, limit > 0 else { return }
            if limit > count, given > 0 {
                remarks.fault(
                    "\(key) \(limit) is above count \(count): Argo refuses it and aborts the rollout"
                )
            } else if limit >= count {
                remarks.fault(
                    "\(key) \(limit) \(limit == count ? "equals" : "is above") count\(given > 0 ? "" : ", which is 1"): \(words)"
                )
            }
        }
    }

    /// A negative failure limit.
    private func disabled(_ failures: Int, _ successes: Int?, _ remarks: inout Remarks) {
        let isKnown = argo.map { $0 >= .consecutiveSuccess } ?? true
        if failures < -1 || !isKnown || successes == 0 {
            remarks.fault(
                "failureLimit \(failures): Argo refuses it and aborts the rollout\(failures == -1 ? "; -1 needs 1.8 and consecutiveSuccessLimit" : "")"
            )
        } else {
            remarks.fault("failureLimit -1: no number of unhealthy verdicts stops the canary")
        }
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
