import Core
import Telemetry

/// The page of `GET /metrics`, rendered at most once per `freshness` for all callers together.
///
/// Anyone may request the page, and rendering takes milliseconds of a processor. Without this
/// bound, a client that requests and resets streams (CVE-2023-44487) keeps every processor
/// rendering, and measurements wait behind that. The text is written with low priority.
actor MetricsPage {
    private let registry: PrometheusRegistry
    private let sample: @Sendable () async -> Void
    private let freshness: Duration
    private var bytes: [UInt8] = []
    private var renderedAt: ContinuousClock.Instant?
    private var rendering: Task<[UInt8], Never>?

    private static let writing = BlockingExecutor("metrics", priority: .low)

    /// - Parameters:
    ///   - freshness: The greatest age of a page that is served again.
    ///   - sample: Sets the gauges that are not updated continuously.
    init(
        _ registry: PrometheusRegistry, freshness: Duration = .milliseconds(100),
        sample: @escaping @Sendable () async -> Void
    ) {
        self.registry = registry
        self.freshness = freshness
        self.sample = sample
    }

    /// The page, not older than `freshness`.
    func current() async -> [UInt8] {
        if let renderedAt, ContinuousClock.now - renderedAt < freshness { return bytes }
        if let rendering { return await rendering.value }
        let task = Task { [registry, sample] in
            await sample()
            let text = registry.preparedExposition()
            return await Self.writing.run { Array(text().utf8) }
        }
        rendering = task
        let began = ContinuousClock.now
        bytes = await task.value
        renderedAt = began
        rendering = nil
        return bytes
    }
}
