public import Settings

extension AnalysisTemplate {
    /// Where the template and a gateway's configuration do not go together.
    public func warnings(for analysis: Settings.Analysis) -> [String] {
        var warnings: [String] = []
        for concern in concerns where analysis.concerns[concern] == nil {
            warnings.append(
                "the configuration knows no concern \(concern): its metric is answered 404, an Error, and the fifth aborts the rollout"
            )
        }
        if let pace = DurationText.parse(interval) {
            let repeats = min(Duration.seconds(5), analysis.interval / 2)
            if pace <= repeats {
                warnings.append(
                    "interval \(interval) is within the span of repeats (\(repeats)): the same attempt would be answered again and again"
                )
            } else if pace > max(analysis.interval * 3, .seconds(300)) {
                warnings.append(
                    "interval \(interval) is longer than three of analysis.interval (\(analysis.interval)): each measurement would begin a run of its own"
                )
            }
        }
        if analysis.budget >= .seconds(15) {
            warnings.append(
                "analysis.budget (\(analysis.budget)) is not shorter than timeoutSeconds: 15")
        }
        for gateway in gateways where gateway.url.hasPrefix("http://") {
            warnings.append("\(gateway.url): http:// sends the token in clear")
        }
        return warnings
    }
}
