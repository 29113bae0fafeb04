import Arguments
import Events

/// One signal of a `PrometheusQueryProbe` and its expressions.
///
/// Expressions may contain arguments such as `$rollout` and `$window`.
public struct PrometheusQuery: Sendable, Hashable {
    private enum Form: Sendable, Hashable {
        case number(String)
        case share(failing: String, total: String)
        case quantile(Double, buckets: String, scale: Double)
    }

    let signal: SignalDeclaration
    private let form: Form

    /// A signal with the full name `signal` and the number that `expression` returns: a scalar, or
    /// a vector of one series.
    public static func number(
        _ signal: String, unit: MetricUnit? = nil, _ expression: String
    ) -> PrometheusQuery {
        PrometheusQuery(
            signal: SignalDeclaration(signal, unit: unit), form: .number(expression))
    }

    /// The ratio of `failing` to `total`, with both counts as evidence.
    ///
    /// Both are counts of requests such as `sum(increase(http_requests_total{…}[$window]))`.
    /// Neither may return an empty result: if no series means no failure, end the expression with
    /// `or vector(0)`.
    public static func share(_ signal: String, failing: String, total: String) -> PrometheusQuery {
        PrometheusQuery(
            signal: SignalDeclaration(signal, unit: .ratio),
            form: .share(failing: failing, total: total))
    }

    /// A quantile in milliseconds, with the histogram as evidence.
    ///
    /// `buckets` returns cumulative counts by the label `le`, such as `sum by (le)
    /// (increase(http_request_duration_seconds_bucket{…}[$window]))`.
    ///
    /// - Parameter unit: The unit of the bucket edges.
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

    /// Computes the signal from the answers to its expressions.
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
            // Errors and requests of two metrics are extrapolated apart, by at most a factor of two.
            guard failed <= 2.0 * all + 1.0 else {
                throw MissingData(
                    .garbage,
                    "failing is \(failed) and total \(all): total must count the failing ones, too")
            }
            guard all > 0 else { throw MissingData(.noTraffic, "no request in the window") }
            // Each query is extrapolated separately, so `failing` may slightly exceed `total`.
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

    /// Adds the name of the failed query to the error.
    private static func named(
        _ which: String, _ count: () throws(MissingData) -> Double
    ) throws(MissingData) -> Double {
        do throws(MissingData) { return try count() } catch {
            throw MissingData(error.reason, "\(which): \(error.detail)")
        }
    }
}
