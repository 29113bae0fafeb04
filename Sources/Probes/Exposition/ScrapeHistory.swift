import Events

/// The recent scrapes of one page. A pure value: time is passed in.
struct ScrapeHistory: Sendable {
    /// Bounds of the memory that a history takes.
    struct Limits: Sendable {
        var scrapes = 512
        /// Over all scrapes together.
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

    /// Appends a page, forgetting the oldest scrapes beyond the limits.
    @discardableResult
    mutating func record(_ page: ScrapedPage, at: Timestamp) -> Scrape {
        let scrape = Scrape(page, at: at, after: scrapes.last, forgetting: limits.scrapes)
        scrapes.append(scrape)
        held += scrape.counters.count
        // Two always stay: one to compare, one to compare with.
        while scrapes.count > 2, scrapes.count > limits.scrapes || held > limits.counters {
            held -= scrapes.removeFirst().counters.count
        }
        return scrape
    }

    /// Why several processes seem to answer at this address, as seen from a scrape on or shortly
    /// before it; nil while one does. Their counters cannot be told apart, so neither can a
    /// difference of them mean anything.
    func severalProcesses(since baseline: Scrape) -> String? {
        scrapes.last { $0.number > baseline.number - Self.memory && $0.severalProcesses != nil }?
            .severalProcesses
    }

    /// How many scrapes before a window still speak against it.
    private static let memory = 12

    /// The first scrape at or after a moment: what the counters showed there.
    /// Once there is one it stays the same until it is forgotten, so that
    /// windows which meet at a moment meet at the same counts.
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
