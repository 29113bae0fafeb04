import Arguments
import Events
import Testing

@testable import Probes

private let metrics = RequestMetrics(counter: "c", histogram: "h")
private let selection = SeriesSelection(metrics, MeasurementArguments())

private func page(_ text: String) throws -> ScrapedPage {
    try ScrapedPage(reading: Array(text.utf8), for: metrics)
}

private func canary(_ ok: Int, _ failed: Int) -> String {
    "c{role=\"canary\",code=\"200\"} \(ok)\nc{role=\"canary\",code=\"503\"} \(failed)\n"
}

@Suite("Counter increases between scrapes")
struct ScrapeTests {
    /// The canary's increase from the first to the last of `pages`.
    private func increase(_ pages: [String]) throws -> Increase {
        var history = ScrapeHistory()
        var scrapes: [Scrape] = []
        for (index, text) in pages.enumerated() {
            scrapes.append(
                history.record(try page(text), at: Timestamp(milliseconds: Int64(index) * 1000)))
        }
        return Increase.since(scrapes[0], to: scrapes[scrapes.count - 1], selection)[0]
    }

    @Test("a process without a restart")
    func steady() throws {
        let grown = try increase([canary(100, 1), canary(150, 2), canary(290, 11)])
        #expect(grown.requests == 200)
        #expect(grown.failing == 10)
    }

    @Test("a restart in between: earlier increases are kept, then counting from 0")
    func restart() throws {
        // 100 → 150 (+50), restart → 20 (+20), → 45 (+25)
        let grown = try increase([canary(100, 0), canary(150, 0), canary(20, 0), canary(45, 0)])
        #expect(grown.requests == 95)
    }

    @Test("a restart that exceeds the old value is detected by the scrape in between")
    func overtaken() throws {
        #expect(try increase([canary(100, 0), canary(5, 0), canary(130, 0)]).requests == 130)
        #expect(try increase([canary(100, 0), canary(130, 0)]).requests == 30)
    }

    @Test("the first failure creates a series: it counts from 0")
    func newSeries() throws {
        let before = "c{role=\"canary\",code=\"200\"} 100\n"
        let grown = try increase([before, canary(100, 7)])
        #expect(grown.requests == 7)
        #expect(grown.failing == 7)
    }

    @Test("series that one page omits do not count twice when they return")
    func hiccup() throws {
        #expect(try increase([canary(100, 3), "x 1\n", canary(110, 3)]).requests == 10)
        // Also if the incomplete page is one of the two compared.
        #expect(try increase(["x 1\n", canary(100, 3), "x 1\n", canary(110, 3)]).requests == 113)
        var history = ScrapeHistory()
        history.record(try page(canary(100, 3)), at: Timestamp(milliseconds: 0000))
        let gap = history.record(try page("x 1\n"), at: Timestamp(milliseconds: 1000))
        let back = history.record(try page(canary(110, 3)), at: Timestamp(milliseconds: 2000))
        #expect(Increase.since(gap, to: back, selection)[0].requests == 10)
        #expect(!selection.presence(in: gap.presence)[0].hasRequests)
    }

    @Test("label order does not make another series, another value does")
    func identity() throws {
        let one = "c{role=\"canary\",code=\"200\",pod=\"a\"} 10\n"
        let turned = "c{pod=\"a\",code=\"200\",role=\"canary\"} 15\n"
        #expect(try increase([one, turned]).requests == 5)
        let other = "c{role=\"canary\",code=\"200\",pod=\"b\"} 15\n"
        #expect(try increase([one, other]).requests == 15)
    }

    @Test("each pod restarts independently")
    func pods() throws {
        func both(_ a: Int, _ b: Int) -> String {
            "c{role=\"canary\",code=\"200\",pod=\"a\"} \(a)\n"
                + "c{role=\"canary\",code=\"200\",pod=\"b\"} \(b)\n"
        }
        // a: 100 → 130 (+30); b restarts: 50 → 4 (+4). The sum increases and hides it.
        #expect(try increase([both(100, 50), both(130, 4)]).requests == 34)
    }

    @Test("groups are distinguished by all their labels; common labels select the series")
    func grouping() throws {
        var metrics = metrics
        metrics.common = [.init("svc", "pay")]
        let text = """
            c{svc="pay",role="canary",code="500"} 1
            c{svc="pay",role="stable",code="500"} 2
            c{svc="pay",role="other",code="500"} 4
            c{svc="web",role="canary",code="500"} 8
            c{role="canary",code="500"} 16

            """
        let page = try ScrapedPage(reading: Array(text.utf8), for: metrics)
        let selection = SeriesSelection(metrics, MeasurementArguments())
        #expect(
            Set(page.series.map { [Double(selection.group(of: $0.labels) ?? -1), $0.value] })
                == [[0, 1], [1, 2]])
        metrics.groups = [.init("all")]
        metrics.common = []
        let all = try ScrapedPage(reading: Array(text.utf8), for: metrics)
        #expect(all.series.reduce(0) { $0 + $1.value } == 31)
    }

    @Test(
        "statuses that count as failures",
        arguments: [
            ("500", true), ("599", true), ("5xx", true), ("404", false), ("50", false),
            ("5000", false), ("", false), ("5XX", true), ("50x", true), ("ERROR", true),
            ("error", false),
        ])
    func statuses(status: String, isFailing: Bool) {
        let words = StatusWords(failing: ["5xx", "ERROR"])
        #expect((words.meaning(of: Array(status.utf8)) == .failing) == isFailing)
    }

    @Test(
        "the meaning of a status, also if neither failing nor ok names it",
        arguments: [
            (["5xx"], [], "200", "ok"), (["5xx"], [], "4xx", "ok"), (["5xx"], [], "4XX", "ok"),
            (["500-599"], [], "503", "failing"), (["500-599"], [], "5xx", "failing"),
            // A class of statuses that is only partly failing is undecided.
            (["503"], [], "5xx", "unknown"), (["503"], [], "502", "ok"),
            (["500-502"], [], "50x", "unknown"), (["50x"], [], "51x", "ok"),
            (["5xx"], [], "error", "unknown"), (["5xx"], [], "ok", "unknown"),
            (["5xx"], [], "Unavailable", "unknown"), (["5xx"], [], "OK", "unknown"),
            (["5xx"], [], "5", "unknown"), (["5xx"], [], "2", "unknown"),
            (["5xx"], [], "", "unknown"), (["5xx"], [], "0", "unknown"),
            (["5xx"], [], "600", "unknown"), (["5xx"], [], "success", "unknown"),
            (["5"], [], "5", "failing"), (["5"], [], "2", "ok"), (["5"], [], "6", "unknown"),
            (["Unavailable"], [], "UNAVAILABLE", "failing"), (["Unavailable"], [], "OK", "ok"),
            (["DEADLINE_EXCEEDED"], [], "DeadlineExceeded", "failing"),
            (["Unavailable"], [], "Canceled", "ok"), (["Unavailable"], [], "fine", "unknown"),
            (["failure"], [], "success", "unknown"), (["failure"], ["success"], "success", "ok"),
            (["error"], ["ok"], "ok", "ok"), (["error"], ["ok"], "Ok", "ok"),
            (["error"], ["fine"], "Fine", "unknown"), (["error"], ["fine"], "200", "unknown"),
            // Naming a success says nothing about other words: a failing canary must not look well.
            (["5xx"], ["2"], "5", "unknown"), (["5xx"], ["OK"], "Unavailable", "unknown"),
            (["5xx"], ["OK"], "Internal", "unknown"), (["5xx"], ["OK"], "Ok", "ok"),
            (["error"], ["ok"], "aborted", "unknown"), (["error"], ["ok"], "internal", "unknown"),
            (["error", "aborted"], ["ok"], "cancelled", "unknown"),
            (["5"], [], "503", "failing"), (["5"], [], "5xx", "failing"), (["5"], [], "404", "ok"),
            (["error"], [], "503", "unknown"), (["Unavailable"], [], "503", "unknown"),
            (["Unavailable", "5xx"], [], "Canceled", "ok"),
            (["Unavailable", "5xx"], [], "503", "failing"),
        ] as [([String], [String], String, String)])
    func meanings(failing: [String], ok: [String], value: String, expected: String) {
        let words = StatusWords(failing: failing, ok: ok)
        #expect("\(words.meaning(of: Array(value.utf8)))" == expected, "\(value)")
    }

    @Test("a start time that decreases means several processes, one that increases a restart")
    func startTimes() throws {
        func page(_ start: Int, _ count: Int) throws -> ScrapedPage {
            try ProbesTests.page("process_start_time_seconds \(start)\n" + canary(count, 0))
        }
        var restarted = ScrapeHistory()
        let first = restarted.record(try page(1000, 50), at: Timestamp(milliseconds: 0))
        restarted.record(try page(2000, 5), at: Timestamp(milliseconds: 1000))
        restarted.record(try page(2001, 9), at: Timestamp(milliseconds: 2000))
        #expect(restarted.severalProcesses(since: first) == nil)

        var shared = ScrapeHistory()
        let start = shared.record(try page(1000, 50), at: Timestamp(milliseconds: 0))
        shared.record(try page(2000, 5), at: Timestamp(milliseconds: 1000))
        #expect(shared.severalProcesses(since: start) == nil)
        shared.record(try page(1000, 60), at: Timestamp(milliseconds: 2000))
        let reason = try #require(shared.severalProcesses(since: start))
        #expect(reason.hasPrefix("process_start_time_seconds went back"))
    }

    @Test("a later start time resets every counter, also one that has passed its old value")
    func restartedAsAWhole() throws {
        func page(_ start: Int, _ ok: Int, _ failed: Int) -> String {
            "process_start_time_seconds \(start)\n" + canary(ok, failed)
        }
        // The failures fell, the successes did not.
        let grown = try increase([page(1000, 40, 20), page(1500, 90, 10)])
        #expect(grown.requests == 100)
        #expect(grown.failing == 10)
        // Clients that compute their start time are slightly off.
        #expect(try increase([page(1000, 40, 20), page(1001, 90, 30)]).requests == 60)
    }

    @Test("after a rollback the older process answers alone, and its pages count again")
    func rolledBack() throws {
        func page(_ start: Int, _ count: Int) throws -> ScrapedPage {
            try ProbesTests.page(
                "process_start_time_seconds{application=\"shop\"} \(start)\n" + canary(count, 0))
        }
        var history = ScrapeHistory()
        history.record(try page(1000, 50), at: Timestamp(milliseconds: 0))
        history.record(try page(2000, 5), at: Timestamp(milliseconds: 1000))
        let returned = history.record(try page(1000, 60), at: Timestamp(milliseconds: 2000))
        #expect(history.severalProcesses(since: returned) != nil)
        var last = returned
        for second in 3...30 {
            last = history.record(
                try page(1000, 60 + second), at: Timestamp(milliseconds: Int64(second) * 1000))
        }
        history.record(try page(1000, 99), at: Timestamp(milliseconds: 31_000))
        #expect(history.severalProcesses(since: last) == nil)
    }

    @Test("a counter that falls and returns, twice, means several processes")
    func interleaved() throws {
        func history(_ counts: [Int]) throws -> String? {
            var history = ScrapeHistory()
            var first: Scrape?
            for (index, count) in counts.enumerated() {
                let scrape = history.record(
                    try page(canary(count, 0)), at: Timestamp(milliseconds: Int64(index) * 1000))
                if first == nil { first = scrape }
            }
            return history.severalProcesses(since: try #require(first))
        }
        #expect(try history([100, 40, 110, 50, 120]) != nil)
        #expect(try history([100, 40, 30, 105, 45, 120]) != nil)
        // A restart, and one whose counter soon exceeds the old value.
        #expect(try history([100, 4, 20, 44, 70, 90]) == nil)
        #expect(try history([100, 4, 130, 200, 300]) == nil)
        // Two restarts whose counters do not return to the old value.
        #expect(try history([100, 4, 20, 3, 10]) == nil)
    }

    @Test("counters without a valid count, and too many of them, make the page unusable")
    func hostile() throws {
        for value in ["NaN", "-1", "+Inf"] {
            #expect(throws: MissingData.self) {
                try page("c{role=\"canary\",code=\"200\"} \(value)\n")
            }
        }
        #expect(throws: MissingData(.garbage, "a bucket without an edge")) {
            try page("h_bucket{role=\"canary\"} 1\n")
        }
        let many = (0...ScrapedPage.seriesLimit).map {
            "c{role=\"canary\",code=\"200\",id=\"\($0)\"} 1\n"
        }
        do {
            _ = try page(many.joined())
            Issue.record("accepted")
        } catch let absence as MissingData {
            #expect(absence.reason == .tooLarge)
        }
        // The same series twice: only one of them counts.
        #expect(try page("c{role=\"canary\"} 1\nc{role=\"canary\"} 1\n").series.count == 1)
    }

    @Test("buckets in milliseconds, made monotonic, ending at +Inf")
    func histogram() throws {
        func page(_ a: Int, _ b: Int, _ all: Int) -> String {
            "h_bucket{role=\"canary\",le=\"0.1\"} \(a)\nh_bucket{role=\"canary\",le=\"0.25\"} \(b)\n"
                + "h_bucket{role=\"canary\",le=\"+Inf\"} \(all)\n"
        }
        let grown = try increase([page(10, 20, 30), page(15, 24, 40)])
        let (edges, cumulative) = try #require(grown.histogram)
        #expect(edges == [100, 250, .infinity])
        #expect(cumulative == [5, 5, 10])
        #expect(Increase(buckets: [100: 5]).histogram == nil)
    }

    @Test(
        "two spellings of one edge are one bucket, of two processes and after a restart",
        arguments: [("1", "1.0"), ("0.1", "0.10"), ("1e+06", "1000000.0"), ("5e-2", "0.05")])
    func edgeSpellings(a: String, b: String) throws {
        func buckets(_ pod: String, _ edge: String, _ count: Int, _ all: Int) -> String {
            ["\(edge)": count, "+Inf": all].map {
                "h_bucket{role=\"canary\",pod=\"\(pod)\",le=\"\($0)\"} \($1)\n"
            }.joined()
        }
        let edge = try #require(Double(a)) * 1000
        // Clients of two versions on one page.
        let both = try increase([
            buckets("x", a, 10, 20) + buckets("y", b, 1, 2),
            buckets("x", a, 13, 25) + buckets("y", b, 5, 9),
        ])
        let histogram = try #require(both.histogram)
        #expect(histogram.edges == [edge, .infinity])
        #expect(histogram.cumulative == [7, 12])
        // An upgrade of the client: its counters begin at 0, in the other spelling.
        let upgraded = try increase([
            buckets("x", a, 10, 20), buckets("x", a, 13, 25), buckets("x", b, 4, 6),
        ])
        let after = try #require(upgraded.histogram)
        #expect(after.edges == [edge, .infinity])
        #expect(after.cumulative == [7, 11])
    }

    @Test("quantile names")
    func names() {
        #expect(
            [0.5, 0.99, 0.999, 1].map(RequestMetrics.quantileField) == [
                "p50_ms", "p99_ms", "p999_ms", "p100_ms",
            ])
    }
}

@Suite("The recent scrapes")
struct ScrapeHistoryTests {
    private func moment(_ seconds: Double) -> Timestamp {
        Timestamp(milliseconds: Int64(seconds * 1000))
    }

    @discardableResult
    private func record(_ history: inout ScrapeHistory, _ seconds: Double) throws -> Scrape {
        history.record(try page(canary(Int(seconds), 0)), at: moment(seconds))
    }

    @Test("the scrape of a time is the first one from then on, and stays the same")
    func first() throws {
        var history = ScrapeHistory()
        #expect(history.scrape(from: moment(0)) == nil)
        try record(&history, 10)
        try record(&history, 12)
        for (asked, found) in [(0.0, 10.0), (10, 10), (10.001, 12), (12, 12)] {
            #expect(history.scrape(from: moment(asked))?.at == moment(found))
        }
        #expect(history.scrape(from: moment(12.001)) == nil)
        try record(&history, 15)
        #expect(history.scrape(from: moment(10.001))?.at == moment(12))
        #expect(history.scrape(from: moment(12.001))?.at == moment(15))
    }

    @Test("setting the clock back does not reorder scrapes")
    func backwards() throws {
        var history = ScrapeHistory()
        try record(&history, 10)
        #expect(try record(&history, 7).at == moment(10))
        try record(&history, 11)
        #expect(history.scrape(from: moment(10.5))?.at == moment(11))
    }

    @Test("scrapes and counters are bounded")
    func bounds() throws {
        var history = ScrapeHistory(.init(scrapes: 4, counters: 1000))
        for second in 0...9 { try record(&history, Double(second)) }
        #expect(history.count == 4)
        // A removed scrape is replaced by the oldest one kept.
        #expect(history.scrape(from: moment(0))?.at == moment(6))

        var small = ScrapeHistory(.init(scrapes: 100, counters: 5))
        for second in 0..<10 { try record(&small, Double(second)) }
        #expect(small.count == 2)
    }
}
