import Core

extension MetricFamily {
    /// Appends HELP, TYPE and the samples in text format 0.0.4.
    func write(name: String, to text: inout String) {
        if series.isEmpty { return }
        if !help.isEmpty { text += "# HELP \(name) \(InertText.metricHelp(help))\n" }
        text += "# TYPE \(name) \(kind.rawValue)\n"
        for (labels, sample) in series.sorted(by: { $0.key < $1.key }) {
            switch sample {
            case .number(let number):
                text += "\(name)\(labels) \(MetricName.number(number))\n"
            case .distribution(let distribution):
                write(distribution, name: name, labels: labels, to: &text)
            }
        }
    }

    private func write(
        _ distribution: Distribution, name: String, labels: String, to text: inout String
    ) {
        // `{a="1"}` becomes `{a="1",le="…"}`.
        let opening = labels.isEmpty ? "{" : labels.dropLast() + ","
        var cumulative: UInt64 = 0
        for (count, edge) in zip(distribution.counts, edges + [.infinity]) {
            cumulative += count
            text += "\(name)_bucket\(opening)le=\"\(MetricName.number(edge))\"} \(cumulative)\n"
        }
        text += "\(name)_sum\(labels) \(MetricName.number(distribution.sum))\n"
        text += "\(name)_count\(labels) \(cumulative)\n"
    }
}
