import Events

/// Counters at one moment, made to grow for ever: where a process restarted and
/// its counter fell, the count goes on from what was reached before.
struct Scrape: Sendable {
    /// One series that is on the page or was on a recent one.
    struct Counter: Sendable {
        let key: UInt64
        let group: Int
        let kind: ScrapedPage.Kind
        /// The last value that a page showed.
        let raw: Double
        /// The value without resets.
        let total: Double
        /// The number of the scrape whose page showed it last.
        let seen: Int
        let fall: Fall
    }

    /// How often a counter fell and came back above where it had been.
    ///
    /// A restarted process counts from 0 and passes its old value late, if at all. Several
    /// processes behind one address answer in turns: the counter falls and returns, over and over.
    struct Fall: Sendable {
        /// The value before the last fall, until the counter is above it again.
        private var height: Double?
        private var returns = 0
        private var lastReturn = 0

        /// Twice within this many scrapes is no coincidence of restarts.
        private static let span = 12

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

    /// Ascending, without gaps, from 0.
    let number: Int
    /// When the page was asked for; never before the scrape before.
    let at: Timestamp
    /// Ascending by key.
    let counters: [Counter]
    let presence: [ScrapedPage.Presence]
    /// The latest start of a process that this or an earlier page of the history named.
    let latestStart: Double?
    /// Why several processes seem to answer at this address; nil while one does.
    let severalProcesses: String?

    /// Clients that compute their start time from the uptime are off by a little.
    private static let startTolerance = 2.0

    /// The scrape after `previous`. A value that fell is a reset, after which
    /// the counter began at 0: the rule of Prometheus' `rate()`. Series that
    /// the page does not show are kept, until `forgetting` scrapes went by, so
    /// that one that comes back goes on counting instead of starting anew.
    init(_ page: ScrapedPage, at: Timestamp, after previous: Scrape?, forgetting: Int) {
        let number = (previous?.number ?? -1) + 1
        var counters: [Counter] = []
        /// Counters that fell, and counters that rose above what they had before a fall.
        var several: String?
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
            if index < old.count, old[index].key == series.key {
                let last = old[index]
                let grown = series.value >= last.raw ? series.value - last.raw : series.value
                total = last.total + grown
                fall = last.fall.after(last.raw, series.value, at: number)
                if fall.isSeveral {
                    several = "a counter falls and rises above its old value again and again"
                }
                index += 1
            }
            counters.append(
                Counter(
                    key: series.key, group: series.group, kind: series.kind, raw: series.value,
                    total: total, seen: number, fall: fall))
        }
        keep(until: nil)
        if let start = page.processStart, let latest = previous?.latestStart,
            start < latest - Self.startTolerance
        {
            several =
                "\(ScrapedPage.startMetric) went back from \(latest) to \(start)"
        }
        severalProcesses = several
        latestStart = [page.processStart, previous?.latestStart].compactMap { $0 }.max()
        self.number = number
        self.at = max(at, previous?.at ?? at)
        self.counters = counters
        self.presence = page.presence
    }
}

/// What was counted between two scrapes, by group.
struct Increase: Sendable, Equatable {
    var requests = 0.0
    var failing = 0.0
    /// Requests whose status is not understood.
    var unknown = 0.0
    /// By upper edge in milliseconds, each bucket with all below it.
    var buckets: [Double: Double] = [:]

    /// The increases of `groups` groups since `baseline`. A series that the
    /// baseline does not know was born since and counts from 0.
    static func since(_ baseline: Scrape, to scrape: Scrape, groups: Int) -> [Increase] {
        var increases = Array(repeating: Increase(), count: groups)
        var index = 0
        for counter in scrape.counters {
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
                increases[counter.group].requests += grown
                switch meaning {
                case .failing: increases[counter.group].failing += grown
                case .unknown: increases[counter.group].unknown += grown
                case .ok: break
                }
            case .bucket(let edge):
                increases[counter.group].buckets[edge, default: 0] += grown
            }
        }
        return increases
    }

    /// The buckets in order; nil without one at +infinity. Counts never fall
    /// from one edge to the next: rounding and missing series are evened out
    /// upwards, as Prometheus does.
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
