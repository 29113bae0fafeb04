import Events
import Synchronization
import Transfer

/// How the requests of the canary and of the stable version fare, from the
/// counters and histograms of a `/metrics` page.
///
/// Reports for each group of `metrics`, `canary` and `stable` by default:
///
/// - `5xx_rate`: failing of all requests, with the counts as evidence,
/// - `requests` and `rps`: how many there were, and how many a second,
/// - `p99_ms`: the quantile, with the histogram in milliseconds as evidence.
///
/// All are increases between two scrapes: this one, and the one of the series'
/// previous measurement, so that the windows of a run meet and never overlap.
/// Without it, or when it is too old, the newest scrape that is `minimumSpan`
/// old serves: call `sample()` every few seconds. Restarted counters are
/// handled as Prometheus' `rate()` does, and a series that was not there
/// before counts from 0. No request in between makes rate and quantile
/// absent(no_traffic). Thread-safe.
public final class PrometheusProbe: SamplingProbe {
    /// Longest page, in bytes.
    public static let maxPage = 10 << 20

    public let name: String
    public let deadline: Duration
    public let signals: [SignalDeclaration]
    public var isPerSeries: Bool { true }

    typealias Fetch = @Sendable (_ allowance: Duration) async throws(Absence) -> [UInt8]

    private let metrics: RequestMetrics
    private let minimumSpan: Duration
    private let reuse: Duration
    private let fetch: Fetch
    private let stopwatch: Stopwatch
    private let history = Mutex(ScrapeHistory())
    private let scraping = SingleFlight<Bool, Result<Scrape, Absence>>(limit: 1)

    /// - Parameters:
    ///   - source: the page; its `maxBody` is set to `maxPage`.
    ///   - minimumSpan: least time between two scrapes that are compared, but
    ///     for those of two measurements.
    ///   - reuse: a scrape this young serves another series' measurement too.
    public convenience init(
        name: String, source: HTTPSource, metrics: RequestMetrics = RequestMetrics(),
        engine: TransferEngine, clock: any Clock<Duration> = ContinuousClock(),
        minimumSpan: Duration = .seconds(5), reuse: Duration = .milliseconds(250),
        deadline: Duration = .milliseconds(800), policy: UpstreamPolicy = UpstreamPolicy()
    ) {
        var source = source
        source.maxBody = Self.maxPage
        source.headers.append(HTTPSource.Header("Accept", .value("text/plain;version=0.0.4")))
        let upstream = Upstream(name, source, engine, policy, clock)
        self.init(
            name: name, metrics: metrics, clock: clock, minimumSpan: minimumSpan, reuse: reuse,
            deadline: deadline
        ) { (allowance) throws(Absence) in
            try await upstream.body(within: allowance)
        }
    }

    init(
        name: String, metrics: RequestMetrics, clock: any Clock<Duration>,
        minimumSpan: Duration, reuse: Duration, deadline: Duration, fetch: @escaping Fetch
    ) {
        self.name = name
        self.metrics = metrics
        self.minimumSpan = minimumSpan
        self.reuse = reuse
        self.deadline = deadline
        self.fetch = fetch
        self.stopwatch = Stopwatch(clock)
        self.signals = metrics.reports.flatMap(\.declarations)
    }

    public func sample() async { _ = await scrape(within: deadline) }

    public func measure(_ context: MeasurementContext) async -> [Signal] {
        do throws(Absence) {
            let scrape = try await scrape(for: context)
            return try signals(of: scrape, context)
        } catch {
            return allAbsent(error)
        }
    }

    /// A scrape that this series was not measured by yet.
    private func scrape(for context: MeasurementContext) async throws(Absence) -> Scrape {
        let now = stopwatch.elapsed
        let young = history.withLock { history -> Scrape? in
            guard let newest = history.newest, now - newest.at <= reuse,
                !history.isMeasured(context.series, by: newest)
            else { return nil }
            return newest
        }
        if let young { return young }
        return try await scrape(within: context.allowance).get()
    }

    private func scrape(within allowance: Duration) async -> Result<Scrape, Absence> {
        let outcome = await scraping.join(true) { [fetch, metrics, self] in
            do throws(Absence) {
                let page = try await fetch(allowance)
                let at = stopwatch.elapsed
                let scraped = try ScrapedPage(reading: page, for: metrics)
                return .success(history.withLock { $0.record(scraped, at: at) })
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .value(let result): return result
        case .cancelled: return .failure(Absence(.cancelled))
        case .refused: return .failure(Absence(.busy))
        }
    }

    private func signals(
        of scrape: Scrape, _ context: MeasurementContext
    ) throws(Absence) -> [Signal] {
        // A measurement that nobody waits for must not move the series' window.
        if Task.isCancelled { throw Absence(.cancelled) }
        // The silence that ends a run of attempts ends comparison as well.
        let horizon = max(context.interval * 3, .seconds(300))
        let baseline = history.withLock { history in
            let baseline = history.baseline(
                for: context.series, of: scrape, minimumSpan: minimumSpan, horizon: horizon)
            history.measure(context.series, by: scrape)
            return baseline
        }
        let reports = metrics.reports
        guard let baseline else {
            return reports.flatMap { report in
                report.absent(
                    Absence(.noSampleYet, "first look at these counters"),
                    scrape.presence[report.index])
            }
        }
        let increases = Increase.since(baseline, to: scrape, groups: scrape.presence.count)
        let span = (scrape.at - baseline.at).inSeconds
        return reports.flatMap { report in
            report.signals(
                increases[report.index], scrape.presence[report.index], seconds: span)
        }
    }
}
