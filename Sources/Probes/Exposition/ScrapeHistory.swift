import Events

/// The recent scrapes of one page. A pure value: time is passed in.
struct ScrapeHistory: Sendable {
    /// Limits of the history's memory.
    struct Limits: Sendable {
        var scrapes = 512
        /// Counters of all scrapes together.
        var counters = 200_000
    }

    private let limits: Limits
    /// Ascending by number and by time.
    private var scrapes: [Scrape] = []
    private var held = 0

    init(_ limits: Limits = Limits()) { self.limits = limits }

    var newest: Scrape? { scrapes.last }

    /// The number of scrapes held.
    var count: Int { scrapes.count }

    /// Appends a page, and removes the oldest scrapes beyond the limits.
    @discardableResult
    mutating func record(_ page: ScrapedPage, at: Timestamp) -> Scrape {
        let scrape = Scrape(page, at: at, after: scrapes.last, forgetting: limits.scrapes)
        scrapes.append(scrape)
        held += scrape.counters.count
        // At least two are kept, so that there is one to compare with.
        while scrapes.count > 2, scrapes.count > limits.scrapes || held > limits.counters {
            held -= scrapes.removeFirst().counters.count
        }
        return scrape
    }

    /// Why several processes seem to answer at this address, by scrapes since shortly before
    /// `baseline`; nil if only one does. Differences between counters of several processes have no
    /// meaning.
    func severalProcesses(since baseline: Scrape) -> String? {
        scrapes.last { $0.number > baseline.number - Self.memory && $0.severalProcesses != nil }?
            .severalProcesses
    }

    /// How many scrapes before the baseline are considered for that.
    private static let memory = 12

    /// The first scrape at or after a moment.
    ///
    /// It stays the same until it is removed, so adjacent windows use the same counts at their
    /// common end.
    func scrape(from moment: Timestamp) -> Scrape? {
        var low = 0
        var high = scrapes.count
        while low < high {
            let middle = (low + high) / 2
            if scrapes[middle].at < moment { low = middle + 1 } else { high = middle }
        }
        return low < scrapes.count ? scrapes[low] : nil
    }
}
