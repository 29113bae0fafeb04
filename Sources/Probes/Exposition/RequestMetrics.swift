/// Which series of a metrics page tell how requests fare, and whose they are.
public struct RequestMetrics: Sendable, Hashable {
    /// One of the versions under comparison.
    public struct Group: Sendable, Hashable {
        /// Where its signals appear: `canary`, `stable`.
        public let object: String
        /// Labels and values that its series carry, all of them; none: every
        /// series is of this group.
        public let labels: [Label]

        public init(_ object: String, _ labels: [Label] = []) {
            self.object = object
            self.labels = labels
        }
    }

    public struct Label: Sendable, Hashable {
        public let name: String
        public let value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// What the edges of the histogram are in.
    public enum TimeUnit: Sendable, Hashable {
        case seconds, milliseconds

        var inMilliseconds: Double { self == .seconds ? 1000 : 1 }
    }

    /// Most groups.
    public static let groupLimit = 16

    /// The counter of requests; nil when only latency is asked for.
    public var counter: String?
    /// The counter's label that holds the status.
    public var statusLabel: String
    /// What the label's values mean.
    public var statuses: StatusWords
    /// The latency histogram, without `_bucket`; nil when only rates are asked for.
    public var histogram: String?
    public var histogramUnit: TimeUnit
    /// Quantiles to report, 0...1; 0.99 becomes `p99_ms`, 0.999 `p999_ms`.
    public var quantiles: [Double]
    /// A series belongs to the first group that it matches; at most `groupLimit` count.
    public var groups: [Group]
    /// Labels that every series must carry to be read at all.
    public var common: [Label]

    public init(
        counter: String? = "http_requests_total", statusLabel: String = "code",
        statuses: StatusWords = StatusWords(),
        histogram: String? = "http_request_duration_seconds",
        histogramUnit: TimeUnit = .seconds, quantiles: [Double] = [0.99],
        groups: [Group] = RequestMetrics.groups(label: "role"), common: [Label] = []
    ) {
        self.counter = counter
        self.statusLabel = statusLabel
        self.statuses = statuses
        self.histogram = histogram
        self.histogramUnit = histogramUnit
        self.quantiles = quantiles
        self.groups = groups
        self.common = common
    }

    /// `canary` and `stable`, told apart by one label.
    public static func groups(
        label: String, canary: String = "canary", stable: String = "stable"
    ) -> [Group] {
        [
            Group("canary", [Label(label, canary)]),
            Group("stable", [Label(label, stable)]),
        ]
    }

    /// `p99_ms` of 0.99, `p50_ms` of 0.5, `p999_ms` of 0.999.
    static func quantileField(_ quantile: Double) -> String {
        let thousandths = Int((min(max(quantile, 0), 1) * 1000).rounded())
        return thousandths % 10 == 0 ? "p\(thousandths / 10)_ms" : "p\(thousandths)_ms"
    }
}
