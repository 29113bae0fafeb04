/// The recent scrapes of one page, and which of them each series was last
/// measured by. A pure value: time is passed in.
struct ScrapeHistory: Sendable {
    /// Bounds of the memory that a history takes.
    struct Limits: Sendable {
        var scrapes = 128
        /// Over all scrapes together.
        var counters = 200_000
        /// Measured series that are remembered.
        var series = 10_000
    }

    private let limits: Limits
    /// Ascending by number.
    private var scrapes: [Scrape] = []
    private var held = 0
    /// The number of the scrape that a series was last measured by.
    private var measured: [String: Int] = [:]

    init(_ limits: Limits = Limits()) { self.limits = limits }

    var newest: Scrape? { scrapes.last }

    /// The number of scrapes held.
    var count: Int { scrapes.count }

    /// The number of series whose last measurement is remembered.
    var seriesCount: Int { measured.count }

    /// Appends a page, forgetting the oldest scrapes beyond the limits.
    @discardableResult
    mutating func record(_ page: ScrapedPage, at: Duration) -> Scrape {
        let scrape = Scrape(page, at: at, after: scrapes.last, forgetting: limits.scrapes)
        scrapes.append(scrape)
        held += scrape.counters.count
        // Two always stay: one to compare, one to compare with.
        while scrapes.count > 2, scrapes.count > limits.scrapes || held > limits.counters {
            held -= scrapes.removeFirst().counters.count
        }
        return scrape
    }

    /// Whether `series` was last measured by exactly this scrape.
    func isMeasured(_ series: String, by scrape: Scrape) -> Bool {
        measured[series] == scrape.number
    }

    /// What `scrape` is to be compared with for a measurement of `series`: the
    /// scrape of the previous measurement, when it is still held and at most
    /// `horizon` older; else the newest that is at least `minimumSpan` older;
    /// else nil.
    func baseline(
        for series: String, of scrape: Scrape, minimumSpan: Duration, horizon: Duration
    ) -> Scrape? {
        if let number = measured[series], let previous = held(number),
            previous.number < scrape.number, scrape.at - previous.at <= horizon
        {
            return previous
        }
        return scrapes.last { $0.number < scrape.number && scrape.at - $0.at >= minimumSpan }
    }

    /// Remembers that `series` was measured by `scrape`.
    mutating func measure(_ series: String, by scrape: Scrape) {
        if measured[series] == nil, measured.count >= limits.series { forgetUnusable() }
        measured[series] = max(scrape.number, measured[series] ?? 0)
    }

    private func held(_ number: Int) -> Scrape? {
        guard let first = scrapes.first, number >= first.number else { return nil }
        let index = number - first.number
        return scrapes.indices.contains(index) ? scrapes[index] : nil
    }

    /// Drops the series whose scrape is gone; when that frees too little, all
    /// but the most recently measured half.
    private mutating func forgetUnusable() {
        let oldest = scrapes.first?.number ?? 0
        measured = measured.filter { $0.value >= oldest }
        guard measured.count > limits.series / 2 else { return }
        let kept = measured.sorted { ($0.value, $0.key) > ($1.value, $1.key) }
            .prefix(limits.series / 2)
        measured = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }
}
