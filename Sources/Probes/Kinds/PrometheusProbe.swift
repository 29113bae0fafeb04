import Arguments
import Events
import Secrets
import Synchronization
import Transfer

/// Measures the requests of canary and stable from the counters and histograms of a `/metrics`
/// page.
///
/// Reports for each group of `metrics`, by default `canary` and `stable`:
///
/// - `5xx_rate`: the share of failed requests, with the counts as evidence,
/// - `requests` and `rps`: the number of requests, in total and per second,
/// - `p99_ms`: the quantile, with the histogram in milliseconds as evidence.
///
/// All are increases over the measurement's window. The counters at each end of the window are
/// those of the first scrape at or after it. Consecutive windows therefore meet without overlap,
/// and repeated measurements of a window give the same numbers. Call `sample()` when windows may
/// begin: without an earlier scrape, signals are absent(no_sample_yet).
///
/// Labels may contain arguments: one page, scraped once, then serves many rollouts. All series that
/// any of them could select are kept.
///
/// Counter resets are handled as in Prometheus' `rate()`, and a new series counts from 0. Without
/// requests in the window, rate and quantiles are absent(no_traffic). Thread-safe.
public final class PrometheusProbe: SamplingProbe {
    /// Maximum size of a page in bytes.
    public static let maxPage = 10 << 20

    public let name: String
    public let deadline: Duration
    public let signals: [SignalDeclaration]
    public var isPerWindow: Bool { true }
    public let arguments: Set<MeasurementArgument>

    typealias Fetch = @Sendable (_ allowance: Duration) async throws(MissingData) -> [UInt8]

    private let metrics: RequestMetrics
    private let shownAddress: String
    private let fetch: Fetch
    private let wall: WallClock
    private let history = Mutex(ScrapeHistory())
    private let scraping = SingleFlight<Bool, Result<Scrape, MissingData>>(limit: 1)

    /// - Parameters:
    ///   - source: The page; its `maxBody` is set to `maxPage`.
    ///   - clock: The clock of the retries and the circuit.
    ///   - wall: The clock of the scrape times.
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
        let page = PageSource(name, source, engine, policy, clock)
        self.init(
            name: name, metrics: metrics, wall: wall, deadline: deadline,
            address: ShownText.url(source.url)
        ) {
            (allowance) throws(MissingData) in
            try await page.read(for: metrics, within: allowance)
        }
    }

    init(
        name: String, metrics: RequestMetrics, wall: WallClock, deadline: Duration,
        address: String = "", fetch: @escaping Fetch
    ) {
        self.name = name
        self.metrics = metrics
        self.wall = wall
        self.deadline = deadline
        self.fetch = fetch
        shownAddress = address
        arguments = metrics.arguments
        signals = SeriesSelection(metrics, MeasurementArguments()).reports
            .flatMap(\.declarations)
    }

    public func address(for arguments: MeasurementArguments) -> String { shownAddress }

    public func sample() async { _ = await scrape(within: deadline) }

    public func measure(_ context: MeasurementContext) async -> [Signal] {
        do throws(MissingData) {
            let scrape = try await scrape(for: context)
            return signals(
                of: context.window, until: scrape, SeriesSelection(metrics, context.arguments))
        } catch {
            return allAbsent(error)
        }
    }

    /// Returns the scrape at the end of the window. A scrape that was already running at that time
    /// started too early, so a second one may be needed.
    private func scrape(for context: MeasurementContext) async throws(MissingData) -> Scrape {
        let end = context.window.end
        for attempt in 0...2 {
            if let held = history.withLock({ $0.scrape(from: end) }) { return held }
            if attempt < 2 { _ = try await scrape(within: context.allowance).get() }
        }
        // Reached only if the clock was set back; the newest scrape is used then.
        guard let newest = history.withLock({ $0.newest }) else { throw MissingData(.noSampleYet) }
        return newest
    }

    private func scrape(within allowance: Duration) async -> Result<Scrape, MissingData> {
        let outcome = await scraping.join(true) { [fetch, metrics, self] in
            let asked = wall.now
            do throws(MissingData) {
                let scraped = try ScrapedPage(
                    reading: try await fetch(allowance), for: metrics, at: asked)
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

    private func signals(
        of window: MeasurementWindow, until scrape: Scrape, _ selection: SeriesSelection
    ) -> [Signal] {
        let baseline = history.withLock { $0.scrape(from: window.start) }
        let reports = selection.reports
        let presence = selection.presence(in: scrape.presence)
        guard let baseline, baseline.number < scrape.number else {
            return reports.flatMap { report in
                report.absent(
                    MissingData(.noSampleYet, "these counters were not looked at before"),
                    presence[report.index])
            }
        }
        if let reason = history.withLock({ $0.severalProcesses(since: baseline) }) {
            return allAbsent(
                MissingData(
                    .garbage,
                    "several processes answer at this address (\(reason)): scrape each at an address of its own"
                ))
        }
        let increases = Increase.since(baseline, to: scrape, selection)
        // At least 1 ms, because the clock may not have advanced.
        let span = max((scrape.at - baseline.at).inSeconds, 0.001)
        return reports.flatMap { report in
            report.signals(
                increases[report.index], presence[report.index], seconds: span)
        }
    }
}
