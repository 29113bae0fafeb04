import Analysis
public import Settings

extension AnalysisTemplate {
    /// Warnings where the template does not fit a gateway's configuration.
    public func warnings(for analysis: Settings.Analysis) -> [String] {
        var warnings: [String] = []
        let known = analysis.concerns(namespace: namespace, rollout: rollout)
        if known == nil {
            warnings.append(
                "no policy below analysis.policies matches \(namespace)/\(rollout): each measurement is answered 404, an Error, and the fifth Error aborts the rollout"
            )
        }
        for concern in concerns where known.map({ $0[concern] == nil }) ?? false {
            warnings.append(
                "the configuration has no concern \(concern): its metric is answered 404, an Error, and the fifth Error aborts the rollout"
            )
        }
        if let pace = DurationText.parse(interval) {
            let repeats = min(Duration.seconds(5), analysis.interval / 2)
            if pace <= repeats {
                warnings.append(
                    "interval \(interval) is within the repeat window (\(repeats)): Argo would get the answer of the same attempt again"
                )
            } else if pace > AttemptTiming(interval: analysis.interval).silence(pace: pace) {
                warnings.append(
                    "interval \(interval) is too long for analysis.interval (\(analysis.interval)): each measurement would start a new run"
                )
            }
        }
        if analysis.budget >= .seconds(15) {
            warnings.append(
                "analysis.budget (\(analysis.budget)) is not shorter than timeoutSeconds: 15")
        }
        for gateway in gateways where gateway.url.hasPrefix("http://") {
            warnings.append("\(gateway.url): http:// sends the token unencrypted")
        }
        return warnings
    }
}
