import Core

extension Settings.Probe {
    /// Reports the results of queries to a Prometheus server.
    public struct Query: Sendable, Equatable {
        /// The source of one signal. Expressions may contain arguments.
        public enum Source: Sendable, Equatable {
            /// The numeric result of an expression.
            case number(String)
            /// A proportion, from the counts of failing and of all requests.
            case share(failing: String, total: String)
            /// A quantile of a histogram, in milliseconds; `unit` is the unit of the buckets.
            case quantile(Double, buckets: String, unit: Prometheus.LatencyUnit)

            var expressions: [String] {
                switch self {
                case .number(let expression): [expression]
                case .share(let failing, let total): [failing, total]
                case .quantile(_, let buckets, _): [buckets]
                }
            }
        }

        /// `url` is the server's base address.
        public var access = Access()
        /// The sources by signal name.
        public var queries: [String: Source] = [:]

        public init() {}
    }
}

extension Settings.Probe.Query {
    /// The most queries of one probe.
    private static let most = 32

    init(reading r: MappingReader) {
        self.init()
        access = Settings.Probe.Access(reading: r)
        if access.url.contains("?") || access.url.contains("#") {
            r.fault("url", "holds a query", "write the server's base address")
        }
        let given = r.mapping("queries")
        if given.keys.isEmpty, !r.context.hasFault(at: r.path("queries")) {
            r.context.fault(
                r.has("queries") ? r.path("queries") : r.path, "queries is missing",
                "name signals and expressions, like queries: {canary.cpu: 'avg(…)'}")
        }
        if given.keys.count > Self.most {
            r.fault("queries", "more than \(Self.most)", "make it two probes")
        }
        for signal in given.keys {
            if !Settings.isSignalName(signal) {
                given.fault(
                    signal, "\(InertText.quoted(signal)) is not a signal's name",
                    "write object.field, like canary.5xx_rate", atKey: true)
            }
            queries[signal] = Self.source(given, signal)
        }
    }

    private static func source(_ r: MappingReader, _ signal: String) -> Source? {
        if case .text = r.value(signal) { return .number(r.query(signal)) }
        guard r.has(signal) else {
            r.fault(signal, "no expression", "write one")
            return nil
        }
        let form = r.mapping(signal)
        defer { form.finish() }
        guard form.has("buckets") else {
            for key in ["failing", "total"] where !form.has(key) {
                form.lacks(
                    "\(key) is missing",
                    "give failing and total, or buckets, or the expression itself")
            }
            return .share(failing: form.query("failing"), total: form.query("total"))
        }
        return .quantile(
            form.number("quantile", quantile(of: signal), in: 0.001...0.9999),
            buckets: form.query("buckets"), unit: form.choice("unit", .seconds))
    }

    /// The quantile of a signal named `pNN_ms` or `pNNN_ms`, else 0.99.
    private static func quantile(of signal: String) -> Double {
        Settings.Statistics.quantile(of: signal) ?? 0.99
    }

    func describe(_ y: inout YAMLWriter) {
        access.describe(&y)
        y.mapping("queries") { y in
            for (signal, source) in queries.sorted(by: { $0.key < $1.key }) {
                switch source {
                case .number(let expression): y.entry(signal, expression)
                case .share(let failing, let total):
                    y.mapping(signal) { y in
                        y.entry("failing", failing)
                        y.entry("total", total)
                    }
                case .quantile(let quantile, let buckets, let unit):
                    y.mapping(signal) { y in
                        y.entry("buckets", buckets)
                        y.entry("unit", unit.rawValue)
                        y.entry("quantile", quantile)
                    }
                }
            }
        }
    }
}
