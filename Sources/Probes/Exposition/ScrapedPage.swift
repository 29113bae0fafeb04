import Arguments
import Events
import JSON

/// The series of one metrics page that a `RequestMetrics` selects.
struct ScrapedPage: Sendable {
    /// What a series measures.
    enum Kind: Sendable, Hashable {
        case requests(StatusWords.Meaning)
        /// Requests at or below this edge in milliseconds.
        case bucket(edge: Double)
    }

    struct Series: Sendable {
        /// Identifies the series within this process.
        let key: UInt64
        let labels: SelectedLabels
        let kind: Kind
        /// The counter's value on the page; finite and not negative.
        let value: Double
    }

    /// Which series and labels the page contains for some label values.
    struct Presence: Sendable {
        var hasRequests = false
        /// Whether any request counter has the status label.
        var hasStatus = false
        var hasBuckets = false
        /// An unknown value of the status label, at most 64 bytes of it; empty for a series
        /// without the label.
        var unknownStatus: String?
        /// Why a sample is too old, by its own timestamp; nil if none is.
        var stale: String?

        mutating func merge(_ other: Presence) {
            hasRequests = hasRequests || other.hasRequests
            hasStatus = hasStatus || other.hasStatus
            hasBuckets = hasBuckets || other.hasBuckets
            // The same one, in whatever order they come.
            unknownStatus = [unknownStatus, other.unknownStatus].compactMap { $0 }.min()
            stale = [stale, other.stale].compactMap { $0 }.min()
        }
    }

    /// The metric with a process's start time in seconds since 1970, as Prometheus clients export
    /// it.
    static let startMetric = "process_start_time_seconds"

    /// Maximum number of series of one page.
    static let seriesLimit = 20_000

    /// The age from which a sample with a timestamp is stale, as in Prometheus' queries.
    static let oldest = Duration.seconds(300)

    /// Ascending by key, without duplicates.
    let series: [Series]
    let presence: [SelectedLabels: Presence]
    /// The process's start in seconds since 1970; nil if the page does not contain it.
    let processStart: Double?

    /// Parses a page.
    ///
    /// - Parameter now: When the page was requested; nil takes samples of any age.
    /// - Throws: absent(garbage) for a malformed page, a counter that is NaN, negative or
    ///   infinite, and a series with two values; absent(too_large) beyond `seriesLimit`.
    init(
        reading page: [UInt8], for metrics: RequestMetrics, at now: Timestamp? = nil
    ) throws(MissingData) {
        var reader = Reader(try Self.spelled(metrics, in: page), at: now)
        try ExpositionScanner.scan(page, names: reader.names) {
            (name, labels, value) throws(MissingData) in
            try reader.read(reader.names[name], labels, value)
        }
        presence = reader.presence
        processStart = reader.processStart
        var series: [Series] = []
        for one in reader.series.sorted(by: { $0.key < $1.key }) {
            guard let last = series.last, last.key == one.key else {
                series.append(one)
                continue
            }
            guard last.value == one.value else {
                let (low, high) = (min(last.value, one.value), max(last.value, one.value))
                throw MissingData(
                    .garbage,
                    "one series of \(reader.name(of: one)) has two values, \(low) and \(high)")
            }
        }
        self.series = series
    }
}

extension ScrapedPage {
    /// Returns the metrics with the counter's name as on the page: OpenMetrics adds `_total` to a
    /// counter that is configured without it.
    private static func spelled(
        _ metrics: RequestMetrics, in page: [UInt8]
    ) throws(MissingData) -> RequestMetrics {
        guard let counter = metrics.counter, !counter.hasSuffix("_total") else { return metrics }
        var seen = [false, false]
        try ExpositionScanner.scan(page, names: [counter, counter + "_total"]) {
            (name, _, _) throws(MissingData) in seen[name] = true
        }
        guard seen == [false, true] else { return metrics }
        var metrics = metrics
        metrics.counter = counter + "_total"
        return metrics
    }

    /// Keeps the samples that may belong to a group during the scan.
    private struct Reader {
        private struct Matcher {
            let name: [UInt8]
            let value: [UInt8]

            /// nil for a label whose value depends on arguments.
            init?(_ label: RequestMetrics.Label) {
                guard label.value.arguments.isEmpty else { return nil }
                name = Array(label.name.utf8)
                value = Array(label.value.beginning.utf8)
            }
        }

        let names: [String]
        private(set) var series: [Series] = []
        private(set) var presence: [SelectedLabels: Presence] = [:]
        private(set) var processStart: Double?
        private var startSeries = 0

        private let metrics: RequestMetrics
        private let groups: [[Matcher]]
        private let common: [Matcher]
        private let selecting: [[UInt8]]
        private let statusLabel: [UInt8]
        private let now: Timestamp?

        init(_ metrics: RequestMetrics, at now: Timestamp?) {
            self.metrics = metrics
            self.now = now
            names =
                [metrics.counter, metrics.histogram.map { $0 + "_bucket" }].compactMap { $0 }
                + [ScrapedPage.startMetric]
            groups = metrics.groups.prefix(RequestMetrics.groupLimit).map {
                $0.labels.compactMap(Matcher.init)
            }
            common = metrics.common.compactMap(Matcher.init)
            selecting = metrics.selecting.map { Array($0.utf8) }
            statusLabel = Array(metrics.statusLabel.utf8)
        }

        mutating func read(
            _ name: String, _ labels: ExpositionLabels, _ value: Double
        ) throws(MissingData) {
            if name == ScrapedPage.startMetric {
                // Some clients put common labels on every series. Pages merged from several processes
                // have one per process.
                startSeries &+= 1
                processStart = startSeries == 1 && value.isFinite ? value : nil
                return
            }
            guard common.allSatisfy({ labels.matches($0.name, $0.value) }),
                groups.contains(where: { matchers in
                    matchers.allSatisfy { labels.matches($0.name, $0.value) }
                })
            else { return }
            guard value.isFinite && value >= 0 else {
                throw MissingData(.garbage, "a counter of \(name) that is \(value)")
            }
            guard series.count < ScrapedPage.seriesLimit else {
                throw MissingData(
                    .tooLarge, "more than \(ScrapedPage.seriesLimit) series of \(name)")
            }
            let selected = selected(labels)
            if let now, let age = labels.age(at: now), age > ScrapedPage.oldest {
                let seconds = age.wholeMilliseconds / 1000
                presence[selected, default: Presence()].merge(
                    Presence(stale: "a sample of \(name) is \(seconds) s old, by its timestamp"))
            }
            let kind =
                name == metrics.counter
                ? requests(labels, selected) : try bucket(labels, selected)
            var hasher = Hasher()
            hasher.combine(name)
            let key = labels.identity &+ UInt64(bitPattern: Int64(hasher.finalize()))
            series.append(Series(key: key, labels: selected, kind: kind, value: value))
        }

        /// The name of the series' metric.
        func name(of series: Series) -> String {
            switch series.kind {
            case .requests: metrics.counter ?? ""
            case .bucket: (metrics.histogram ?? "") + "_bucket"
            }
        }

        /// The label values that select the series; equal ones share their storage.
        private func selected(_ labels: ExpositionLabels) -> SelectedLabels {
            let selected = SelectedLabels(values: selecting.map { labels.value(of: $0) ?? [] })
            return presence.index(forKey: selected).map { presence.keys[$0] } ?? selected
        }

        private mutating func requests(
            _ labels: ExpositionLabels, _ selected: SelectedLabels
        ) -> Kind {
            let status = labels.value(of: statusLabel)
            var found = Presence(hasRequests: true, hasStatus: status != nil)
            let meaning = status.map(metrics.statuses.meaning(of:)) ?? .unknown
            if meaning == .unknown {
                found.unknownStatus = String(decoding: (status ?? []).prefix(64), as: UTF8.self)
            }
            presence[selected, default: Presence()].merge(found)
            return .requests(meaning)
        }

        private mutating func bucket(
            _ labels: ExpositionLabels, _ selected: SelectedLabels
        ) throws(MissingData) -> Kind {
            guard let label = labels.value(of: Array("le".utf8)) else {
                throw MissingData(.garbage, "a bucket without an edge")
            }
            let text = String(decoding: label.prefix(64), as: UTF8.self)
            guard let edge = ExpositionScanner.number(text), !edge.isNaN else {
                throw MissingData(
                    .garbage, "the label le is no number, but \(JSONValue.string(text).shown)")
            }
            presence[selected, default: Presence()].hasBuckets = true
            return .bucket(edge: edge * metrics.histogramUnit.inMilliseconds)
        }
    }
}
