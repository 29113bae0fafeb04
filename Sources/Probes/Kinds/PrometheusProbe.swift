import Events
import Secrets
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
/// All are increases over the measurement's window. What the counters showed at
/// its ends is the first scrape at or after each, so the windows of a run meet
/// and never overlap, and whoever asks for one window gets the same numbers.
/// Call `sample()` where windows may begin: before the first scrape there is
/// nothing to compare with, absent(no_sample_yet). Restarted counters are
/// handled as Prometheus' `rate()` does, and a series that was not there
/// before counts from 0. No request in between makes rate and quantile
/// absent(no_traffic). Thread-safe.
public final class PrometheusProbe: SamplingProbe {
    /// Longest page, in bytes.
    public static let maxPage = 10 << 20

    public let name: String
    public let deadline: Duration
    public let signals: [SignalDeclaration]
    public var isPerWindow: Bool { true }

    typealias Fetch = @Sendable (_ allowance: Duration) async throws(MissingData) -> [UInt8]

    private let metrics: RequestMetrics
    private let fetch: Fetch
    private let wall: WallClock
    private let history = Mutex(ScrapeHistory())
    private let scraping = SingleFlight<Bool, Result<Scrape, MissingData>>(limit: 1)

    /// - Parameters:
    ///   - source: the page; its `maxBody` is set to `maxPage`.
    ///   - clock: measures the upstream's pauses.
    ///   - wall: tells when a page was asked for.
    public convenience init(
        name: String, source: HTTPSource, metrics: RequestMetrics = RequestMetrics(),
        engine: TransferEngine, clock: any Clock<Duration> = ContinuousClock(),
        wall: WallClock = .system, deadline: Duration = .milliseconds(800),
        policy: UpstreamPolicy = UpstreamPolicy()
    ) {
        var source = source
        source.maxBody = Self.maxPage
        if !source.has(header: "accept") {
            source.headers.append(HTTPSource.Header("Accept", .value(PageFormat.accept)))
        }
        let upstream = Upstream(name, source, engine, policy, clock)
        self.init(name: name, metrics: metrics, wall: wall, deadline: deadline) {
            (allowance) throws(MissingData) in
            let reply = try await upstream.reply(within: allowance)
            guard upstream.source.accepts(reply.status) else { throw upstream.refusal(of: reply) }
            let format = try PageFormat(of: reply)
            let page = try format.whole(
                try upstream.content(of: reply), isDelimited: reply.isDelimited)
            try format.checkUnit(page, of: metrics)
            return page
        }
    }

    init(
        name: String, metrics: RequestMetrics, wall: WallClock, deadline: Duration,
        fetch: @escaping Fetch
    ) {
        self.name = name
        self.metrics = metrics
        self.wall = wall
        self.deadline = deadline
        self.fetch = fetch
        self.signals = metrics.reports.flatMap(\.declarations)
    }

    public func sample() async { _ = await scrape(within: deadline) }

    public func measure(_ context: MeasurementContext) async -> [Signal] {
        do throws(MissingData) {
            return signals(of: context.window, until: try await scrape(for: context))
        } catch {
            return allAbsent(error)
        }
    }

    /// The scrape at which the window ends. One that was under way when the
    /// window ended was asked for before: then another is needed.
    private func scrape(for context: MeasurementContext) async throws(MissingData) -> Scrape {
        let end = context.window.end
        for attempt in 0...2 {
            if let held = history.withLock({ $0.scrape(from: end) }) { return held }
            if attempt < 2 { _ = try await scrape(within: context.allowance).get() }
        }
        // Only a clock that was set back gets here: what is newest has to serve.
        guard let newest = history.withLock({ $0.newest }) else { throw MissingData(.noSampleYet) }
        return newest
    }

    private func scrape(within allowance: Duration) async -> Result<Scrape, MissingData> {
        let outcome = await scraping.join(true) { [fetch, metrics, self] in
            let asked = wall.now
            do throws(MissingData) {
                let scraped = try ScrapedPage(reading: try await fetch(allowance), for: metrics)
                return .success(history.withLock { $0.record(scraped, at: asked) })
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .value(let result): return result
        case .cancelled: return .failure(MissingData(.cancelled))
        case .refused: return .failure(MissingData(.busy))
        }
    }

    private func signals(of window: MeasurementWindow, until scrape: Scrape) -> [Signal] {
        let baseline = history.withLock { $0.scrape(from: window.start) }
        let reports = metrics.reports
        guard let baseline, baseline.number < scrape.number else {
            return reports.flatMap { report in
                report.absent(
                    MissingData(.noSampleYet, "these counters were not looked at before"),
                    scrape.presence[report.index])
            }
        }
        if let reason = history.withLock({ $0.severalProcesses(since: baseline) }) {
            return allAbsent(
                MissingData(
                    .garbage,
                    "several processes answer at this address (\(reason)): scrape each at an address of its own"
                ))
        }
        let increases = Increase.since(baseline, to: scrape, groups: scrape.presence.count)
        // Never zero: a rate needs a span, and the clock may have stood still.
        let span = max((scrape.at - baseline.at).inSeconds, 0.001)
        return reports.flatMap { report in
            report.signals(
                increases[report.index], scrape.presence[report.index], seconds: span)
        }
    }
}
