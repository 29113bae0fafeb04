import Core
import Events

extension Settings {
    /// `statistics` of a check: how the counts of its signal are tested. The keys have the same
    /// names as in the test vectors of `bellwether replay --vectors`.
    public struct Statistics: Sendable, Equatable {
        public enum Kind: String, Sendable, CaseIterable {
            /// The proportion of failing requests.
            case counter
            /// A quantile of a latency histogram.
            case latency
        }

        public var kind: Kind
        /// The null rate ratio of the window's warning test, at error level `alphaWarn`.
        public var rhoWarn = 1.0
        public var alphaWarn = 0.001
        /// The null rate ratio of the run's failure test. `alphaFail` is also the level of the
        /// bounds.
        public var rhoFail = 1.5
        public var alphaFail = 0.01
        /// The smallest difference of proportions that counts.
        public var minDelta: Double
        /// With fewer canary requests, a check that does not fail has no data.
        public var minSample = 20
        /// The allowed relative growth over the median of the last healthy attempts; nil: no limit.
        public var growth: Double?
        /// The dispersion divisor of the run's test; nil: estimated from the scatter of stable's
        /// windows.
        public var phi: Double?
        /// The quantile; used for latency only.
        public var quantile = 0.99
        /// A request is slow above this many milliseconds; used for latency only. Nil: the check's
        /// warn limit, or else its fail limit.
        public var tau: Double?

        public init(_ kind: Kind) {
            self.kind = kind
            // Slow requests are normally more frequent than failures.
            minDelta = kind == .counter ? 0.001 : 0.01
        }

        /// Returns the default statistics for a check id: a canary's proportions and latency
        /// quantiles are judged by their counts.
        public static func standard(for id: String) -> Statistics? {
            guard id.hasPrefix("canary.") else { return nil }
            if let quantile = quantile(of: id) {
                var statistics = Statistics(.latency)
                statistics.quantile = quantile
                return statistics
            }
            return MetricUnit(metricName: id) == .ratio ? Statistics(.counter) : nil
        }

        /// Returns 0.99 for `canary.p99_ms` and 0.999 for `canary.p999_ms`.
        static func quantile(of id: String) -> Double? {
            guard let field = id.split(separator: ".").last, field.hasPrefix("p"),
                field.hasSuffix("_ms")
            else { return nil }
            let digits = field.dropFirst().dropLast("_ms".count)
            guard (1...4).contains(digits.count), let number = Int(digits), number > 0 else {
                return nil
            }
            // One digit counts as percent: p5 is 0.05.
            let scale = digits.count <= 2 ? 100 : digits.count == 3 ? 1000 : 10_000
            return Double(number) / Double(scale)
        }
    }
}

extension Settings.Statistics {
    /// Reads `statistics`: `auto` or absent means the default, `off` means none, and a mapping
    /// overrides single keys of the default.
    static func read(_ r: MappingReader, id: String) -> Settings.Statistics? {
        let standard = standard(for: id)
        switch r.value("statistics") {
        case nil, .empty: return standard
        case .text("auto"):
            if standard == nil {
                r.fault(
                    "statistics", "\(InertText.quoted(id)) has no counts by itself",
                    "write statistics: {kind: counter}, or latency")
            }
            return standard
        case .text("off"): return nil
        case .text(let text):
            r.fault(
                "statistics", "\(InertText.quoted(text)) is neither auto nor off",
                "write one of them")
            return standard
        default: break
        }
        let keys = r.mapping("statistics")
        if standard == nil, !keys.has("kind") {
            keys.lacks("kind is missing", "write kind: counter, or kind: latency")
        }
        let kind = keys.choice("kind", standard?.kind ?? .counter)
        var statistics = standard.flatMap { $0.kind == kind ? $0 : nil } ?? .init(kind)
        statistics.readLimits(keys)
        keys.finish()
        return statistics
    }

    private mutating func readLimits(_ r: MappingReader) {
        rhoWarn = r.number("rho_warn", rhoWarn, in: 0.1...100)
        rhoFail = r.number("rho_fail", rhoFail, in: 0.1...100)
        alphaWarn = r.number("alpha_warn", alphaWarn, in: 1e-9...0.5)
        alphaFail = r.number("alpha_fail", alphaFail, in: 1e-9...0.5)
        minDelta = r.number("min_delta", minDelta, in: 0...1e9)
        minSample = r.integer("n_min", minSample, in: 0...1_000_000_000)
        if r.has("prev_warn", besides: "off") {
            growth = r.number("prev_warn", 1, in: 0...1000)
        }
        if r.has("phi", besides: "auto") { phi = r.number("phi", 1, in: 1...1000) }
        if kind == .latency {
            quantile = r.number("q", quantile, in: 0.001...0.9999)
            if r.has("tau", besides: "auto") { tau = r.number("tau", 1, in: 0.001...1e9) }
        }
        if rhoWarn > rhoFail {
            r.warn(
                "rho_warn", "more than rho_fail (\(rhoFail)), so it warns later than it fails",
                "swap them")
        }
    }
}
