public import Arguments

/// The series of a metrics page that count requests, and the groups that they belong to.
public struct RequestMetrics: Sendable, Hashable {
    /// One of the compared versions.
    public struct Group: Sendable, Hashable {
        /// The object of its signals: `canary`, `stable`.
        public let object: String
        /// Labels that its series must all have; empty: every series belongs to the group.
        public let labels: [Label]

        public init(_ object: String, _ labels: [Label] = []) {
            self.object = object
            self.labels = labels
        }
    }

    public struct Label: Sendable, Hashable {
        public let name: String
        /// May contain arguments.
        public let value: ArgumentText

        public init(_ name: String, _ value: String) {
            self.init(name, ArgumentText(literal: value))
        }

        public init(_ name: String, _ value: ArgumentText) {
            self.name = name
            self.value = value
        }
    }

    /// The unit of the histogram's edges.
    public enum TimeUnit: Sendable, Hashable {
        case seconds, milliseconds

        var inMilliseconds: Double { self == .seconds ? 1000 : 1 }
    }

    /// Maximum number of groups.
    public static let groupLimit = 16

    /// The counter of requests; nil if only latency is read.
    public var counter: String?
    /// The counter's label that contains the status.
    public var statusLabel: String
    /// The meaning of the label's values.
    public var statuses: StatusWords
    /// The latency histogram, without `_bucket`; nil if only rates are read.
    public var histogram: String?
    public var histogramUnit: TimeUnit
    /// Quantiles to report, 0...1; 0.99 becomes `p99_ms`, 0.999 `p999_ms`.
    public var quantiles: [Double]
    /// A series belongs to the first group that it matches; only the first `groupLimit` are used.
    public var groups: [Group]
    /// Labels that a series must have to be read.
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

    /// The groups `canary` and `stable`, distinguished by one label.
    public static func groups(
        label: String, canary: String = "canary", stable: String = "stable"
    ) -> [Group] {
        [
            Group("canary", [Label(label, canary)]),
            Group("stable", [Label(label, stable)]),
        ]
    }

    /// The arguments in the labels.
    var arguments: Set<MeasurementArgument> {
        Set((groups.flatMap(\.labels) + common).flatMap(\.value.arguments))
    }

    /// The names of the labels that decide a series' group, in a fixed order: those of the groups,
    /// and those of `common` whose values depend on arguments.
    var selecting: [String] {
        let labels = groups.flatMap(\.labels) + common.filter { !$0.value.arguments.isEmpty }
        return Set(labels.map(\.name)).sorted()
    }

    /// The field for a quantile: `p99_ms` for 0.99, `p50_ms` for 0.5, `p999_ms` for 0.999.
    static func quantileField(_ quantile: Double) -> String {
        let thousandths = Int((min(max(quantile, 0), 1) * 1000).rounded())
        return thousandths % 10 == 0 ? "p\(thousandths / 10)_ms" : "p\(thousandths)_ms"
    }
}
