import Events

/// One signal of a `PrometheusQueryProbe`, and the expressions that give it.
///
/// In an expression `$window` stands for the length of the data window, as a
/// duration of PromQL.
public struct PrometheusQuery: Sendable, Hashable {
    private enum Form: Sendable, Hashable {
        case number(String)
        case share(failing: String, total: String)
        case quantile(Double, buckets: String, scale: Double)
    }

    let signal: SignalDeclaration
    private let form: Form

    /// The number that `expression` gives, as the signal of that full name:
    /// a scalar, or a vector of one series.
    public static func number(
        _ signal: String, unit: MetricUnit? = nil, _ expression: String
    ) -> PrometheusQuery {
        PrometheusQuery(
            signal: SignalDeclaration(signal, unit: unit), form: .number(expression))
    }

    /// `failing` of `total`, both counts of requests such as
    /// `sum(increase(http_requests_total{…}[$window]))`: a ratio that carries
    /// its counts as evidence. Neither may be empty: where no series means
    /// none failed, the expression ends in `or vector(0)`.
    public static func share(_ signal: String, failing: String, total: String) -> PrometheusQuery {
        PrometheusQuery(
            signal: SignalDeclaration(signal, unit: .ratio),
            form: .share(failing: failing, total: total))
    }

    /// A quantile in milliseconds of cumulative counts by the label `le`, such as
    /// `sum by (le) (increase(http_request_duration_seconds_bucket{…}[$window]))`,
    /// which it carries as evidence.
    ///
    /// - Parameter unit: of the edges.
    public static func quantile(
        _ quantile: Double, _ signal: String, buckets: String,
        unit: RequestMetrics.TimeUnit = .seconds
    ) -> PrometheusQuery {
        PrometheusQuery(
            signal: SignalDeclaration(signal, unit: .milliseconds),
            form: .quantile(quantile, buckets: buckets, scale: unit.inMilliseconds))
    }

    var expressions: [String] {
        switch form {
        case .number(let expression): [expression]
        case .share(let failing, let total): [failing, total]
        case .quantile(_, let buckets, _): [buckets]
        }
    }

    /// The signal out of the answers to its expressions.
    func signal(
        _ answers: [String: Result<QueryAnswer, MissingData>]
    ) throws(MissingData) -> Signal {
        func answer(_ expression: String) throws(MissingData) -> QueryAnswer {
            guard let answer = answers[expression] else { throw MissingData(.fault, "never asked") }
            return try answer.get()
        }
        switch form {
        case .number(let expression): return signal.number(try answer(expression).number())
        case .share(let failing, let total):
            let all = try Self.named("total") { () throws(MissingData) in
                try answer(total).count()
            }
            let failed = try Self.named("failing") { () throws(MissingData) in
                try answer(failing).count()
            }
            guard all > 0 else { throw MissingData(.noTraffic, "no request in the window") }
            // Each query is extrapolated by itself, so the two may disagree a little.
            let bounded = min(failed, all)
            return signal.number(bounded / all, evidence: .counter(failing: bounded, total: all))
        case .quantile(let quantile, let buckets, let scale):
            let (edges, cumulative) = try answer(buckets).histogram(scale: scale)
            let value = HistogramQuantile.value(quantile, edges: edges, cumulative: cumulative)
            guard let value else { throw MissingData(.noTraffic, "no request in the window") }
            return signal.number(
                value, evidence: .histogram(edges: edges, cumulative: cumulative))
        }
    }

    /// Which of two queries it was that failed.
    private static func named(
        _ which: String, _ count: () throws(MissingData) -> Double
    ) throws(MissingData) -> Double {
        do throws(MissingData) { return try count() } catch {
            throw MissingData(error.reason, "\(which): \(error.detail)")
        }
    }
}
