import Events

/// The counters of one scrape, corrected for resets so that they never decrease.
struct Scrape: Sendable {
    /// A series of this page or a recent one.
    struct Counter: Sendable {
        let key: UInt64
        let labels: SelectedLabels
        let kind: ScrapedPage.Kind
        /// The last value on a page.
        let raw: Double
        /// The value corrected for resets.
        let total: Double
        /// The number of the last scrape that contained it.
        let seen: Int
        let fall: Fall
    }

    /// Counts how often a counter fell and returned to its previous value.
    ///
    /// A restarted process counts from 0 and reaches its old value late, if at all. If several
    /// processes answer at one address in turn, the counter falls and returns repeatedly.
    struct Fall: Sendable {
        /// The highest value before the current fall; nil if the counter has returned to it.
        private var height: Double?
        private var returns = 0
        private var lastReturn = 0

        /// Two returns that are at most this many scrapes apart are not explained by restarts.
        static let span = 12

        var isSeveral: Bool { returns >= 2 }

        func after(_ last: Double, _ next: Double, at number: Int) -> Fall {
            var fall = self
            if number - lastReturn > Self.span { fall.returns = 0 }
            if next < last {
                fall.height = max(height ?? last, last)
            } else if let height, next >= height {
                fall.height = nil
                fall.returns += 1
                fall.lastReturn = number
            }
            return fall
        }
    }

    /// The ordinal of the scrape, from 0 without gaps.
    let number: Int
    /// When the page was requested; not before the previous scrape.
    let at: Timestamp
    /// The counters, ascending by key.
    let counters: [Counter]
    let presence: [SelectedLabels: ScrapedPage.Presence]
    /// The process start times on this page and the last ones, the newest last.
    let starts: [Double]
    /// Why several processes seem to answer at this address; nil if only one does.
    let severalProcesses: String?

    /// Tolerance in seconds: clients that compute their start time from the uptime are slightly
    /// off.
    private static let startTolerance = 2.0

    /// Creates the scrape after `previous`.
    ///
    /// A value that decreased is a reset, after which the counter began at 0, as in Prometheus'
    /// `rate()`. If the page shows that another process began, all its counters began at 0: one that
    /// has passed its old value since would otherwise distort the rates of those that have not. A
    /// series that is missing on the page is kept for `forgetting` scrapes, so that it
    /// continues its count if it returns.
    init(_ page: ScrapedPage, at: Timestamp, after previous: Scrape?, forgetting: Int) {
        let number = (previous?.number ?? -1) + 1
        var counters: [Counter] = []
        /// Why several processes seem to answer; nil if only one does.
        var several: String?
        let isNewProcess =
            if let start = page.processStart, let last = previous?.starts.last {
                start > last + Self.startTolerance
            } else { false }
        let old = previous?.counters ?? []
        counters.reserveCapacity(max(page.series.count, old.count))
        var index = 0
        func keep(until key: UInt64?) {
            while index < old.count, key.map({ old[index].key < $0 }) ?? true {
                if number - old[index].seen < forgetting { counters.append(old[index]) }
                index += 1
            }
        }
        for series in page.series {
            keep(until: series.key)
            var total = series.value
            var fall = Fall()
            var labels = series.labels
            if index < old.count, old[index].key == series.key {
                let last = old[index]
                let isReset = isNewProcess || series.value < last.raw
                let grown = isReset ? series.value : series.value - last.raw
                total = last.total + grown
                // The same values; equal ones share their storage.
                labels = last.labels
                fall = last.fall.after(last.raw, series.value, at: number)
                if fall.isSeveral {
                    several = "a counter falls and rises above its old value again and again"
                }
                index += 1
            }
            counters.append(
                Counter(
                    key: series.key, labels: labels, kind: series.kind, raw: series.value,
                    total: total, seen: number, fall: fall))
        }
        keep(until: nil)
        // Compared with the last scrapes only: after a rollback, an older process answers alone.
        let before = previous?.starts ?? []
        if let start = page.processStart, let latest = before.max(),
            start < latest - Self.startTolerance
        {
            several =
                "\(ScrapedPage.startMetric) went back from \(latest) to \(start)"
        }
        severalProcesses = several
        starts = (before + [page.processStart].compactMap { $0 }).suffix(Fall.span)
        self.number = number
        self.at = max(at, previous?.at ?? at)
        self.counters = counters
        self.presence = page.presence
    }
}

/// The increase between two scrapes, for one group.
struct Increase: Sendable, Equatable {
    var requests = 0.0
    var failing = 0.0
    /// Requests with an unknown status.
    var unknown = 0.0
    /// Cumulative counts by upper edge in milliseconds.
    var buckets: [Double: Double] = [:]

    /// Returns the increases of the selection's groups since `baseline`. A series that is not in
    /// the baseline is new and counts from 0.
    static func since(
        _ baseline: Scrape, to scrape: Scrape, _ selection: SeriesSelection
    ) -> [Increase] {
        var increases = Array(repeating: Increase(), count: selection.reports.count)
        var groups: [SelectedLabels: Int?] = [:]
        var index = 0
        for counter in scrape.counters {
            let known = groups[counter.labels]
            let group = known ?? selection.group(of: counter.labels)
            if known == nil { groups[counter.labels] = .some(group) }
            guard let group else { continue }
            while index < baseline.counters.count, baseline.counters[index].key < counter.key {
                index += 1
            }
            var before = 0.0
            if index < baseline.counters.count, baseline.counters[index].key == counter.key {
                before = baseline.counters[index].total
            }
            let grown = max(0, counter.total - before)
            switch counter.kind {
            case .requests(let meaning):
                increases[group].requests += grown
                switch meaning {
                case .failing: increases[group].failing += grown
                case .unknown: increases[group].unknown += grown
                case .ok: break
                }
            case .bucket(let edge):
                increases[group].buckets[edge, default: 0] += grown
            }
        }
        return increases
    }

    /// The buckets in ascending order; nil if there is none at +infinity. A count lower than the
    /// one before is raised to it, as Prometheus does. `HistogramQuantile.disorder` finds those that
    /// rounding does not explain.
    var histogram: (edges: [Double], cumulative: [Double])? {
        let edges = buckets.keys.sorted()
        guard edges.last == .infinity else { return nil }
        var highest = 0.0
        let cumulative = edges.map { edge -> Double in
            highest = max(highest, buckets[edge] ?? 0)
            return highest
        }
        return (edges, cumulative)
    }
}
