import Arguments
import Events
import Testing

@testable import Probes

/// Pages and answers of which a part cannot be what it seems.
@Suite("Pages that would be misread")
struct MisreadPageTests {
    private let metrics = RequestMetrics(counter: "c", histogram: "h")

    private func page(_ text: String, at now: Timestamp? = nil) throws(MissingData) -> ScrapedPage {
        try ScrapedPage(reading: Array(text.utf8), for: metrics, at: now)
    }

    /// Why the text is no page.
    private func fault(_ text: String) -> String {
        do throws(MissingData) {
            _ = try page(text)
            return "(a page)"
        } catch { return error.description }
    }

    private static let failures = "c{role=\"canary\",code=\"500\"} 9\n"

    @Test(
        "a page cut inside any line is refused: the failing series may stand behind the cut",
        arguments: ["process_cpu_sec", "other{a=\"b\"} 1", "# HELP c Requ", "{\"my.metric\"} 4"])
    func cut(end: String) {
        let whole = "c{role=\"canary\",code=\"200\"} 5\n" + end
        #expect(fault(whole).contains("without a line feed, as if cut off"), "\(fault(whole))")
        #expect(fault(whole + "\n" + Self.failures) == "(a page)")
    }

    @Test("the mark of the end needs no line feed", arguments: ["# EOF", "# EOF \r"])
    func marked(end: String) {
        #expect(fault(Self.failures + end) == "(a page)")
        #expect(fault(Self.failures + "# EOFF").contains("as if cut off"))
    }

    @Test("a series with two values is refused, whatever the order of its labels")
    func twoValues() {
        let twice = Self.failures + "c{code=\"500\",role=\"canary\"} 4\n"
        #expect(fault(twice) == "garbage: one series of c has two values, 4.0 and 9.0")
        #expect(fault(Self.failures + Self.failures) == "(a page)")
        let buckets =
            "h_bucket{role=\"canary\",le=\"1\"} 1\n" + "h_bucket{le=\"1\",role=\"canary\"} 2\n"
        #expect(fault(buckets).contains("one series of h_bucket has two values"))
    }

    @Test(
        "numbers that Prometheus does not take", arguments: ["0x10", "0x1p4", "nan(0x1)", "1_000"])
    func numbers(text: String) {
        let page = "c{role=\"canary\",code=\"500\"} \(text)\n"
        #expect(fault(page).contains("no number, but \"\(text)\""), "\(fault(page))")
        let bucket = "h_bucket{role=\"canary\",le=\"\(text)\"} 1\n"
        #expect(fault(bucket).contains("le is no number, but \"\(text)\""), "\(fault(bucket))")
    }

    @Test("numbers with an exponent count as what they are")
    func exponents() throws {
        let page = try page("c{role=\"canary\",code=\"500\"} 1.5e3\n")
        #expect(page.series.map(\.value) == [1500])
    }

    // MARK: - Timestamps

    @Test(
        "a sample whose own timestamp is old is stale, in milliseconds and in seconds",
        arguments: [
            ("1795413600000", false), ("1795413301000", false), ("1795413299000", true),
            ("1795413600.5", false), ("1795413299.0", true), ("0", true),
        ])
    func timestamps(text: String, isStale: Bool) throws {
        let now = Timestamp(milliseconds: 1_795_413_600_000)
        let selection = SeriesSelection(metrics, MeasurementArguments())
        let sample = "c{role=\"canary\",code=\"200\"} 5 \(text)\n"
        let page = try page(sample + "c{role=\"stable\",code=\"200\"} 5\n", at: now)
        let presence = selection.presence(in: page.presence)
        #expect((presence[0].stale != nil) == isStale, "\(presence[0])")
        #expect(presence[1].stale == nil)
        let signals = selection.reports[0].signals(
            Increase(requests: 5), presence[0], seconds: 1)
        if isStale {
            #expect(signals.reason("canary.5xx_rate") == .stale)
            #expect(signals.reason("canary.requests") == .stale)
        } else {
            #expect(signals.number("canary.5xx_rate") == 0)
        }
    }

    // MARK: - Histograms

    @Test(
        "counts that fall from one edge to the next are no histogram; rounding is",
        arguments: [
            ([100: 50, 200: 48, .infinity: 60], false), ([100: 50, 200: 3, .infinity: 60], true),
            ([100: 50, .infinity: 40], true), ([100: 10_000, .infinity: 9960], false),
            ([100: 10_000, .infinity: 9900], true), ([:], false),
        ] as [([Double: Double], Bool)])
    func disorder(counts: [Double: Double], isFound: Bool) throws {
        let found = HistogramQuantile.disorder(of: counts)
        #expect((found != nil) == isFound, "\(String(describing: found))")
        guard isFound else { return }
        let selection = SeriesSelection(metrics, MeasurementArguments())
        let signals = selection.reports[0].signals(
            Increase(requests: 1, buckets: counts), ScrapedPage.Presence(hasBuckets: true),
            seconds: 1)
        #expect(signals.reason("canary.p99_ms") == .garbage)
    }

    // MARK: - Queries

    private func answer(_ value: String, edge: String = "+Inf") -> String {
        #"{"metric":{"le":"\#(edge)"},"value":[1,"\#(value)"]}"#
    }

    private func query(_ series: String...) throws(MissingData) -> QueryAnswer {
        let list = series.joined(separator: ",")
        let body =
            #"{"status":"success","data":{"resultType":"vector","result":[\#(list)]}}"#
        return try QueryAnswer(reading: Array(body.utf8))
    }

    @Test("a rate in place of a count is not rounded to no failure", arguments: ["0.3", "0.004"])
    func rates(value: String) throws {
        let words = "\(value) is no count of requests: use increase() over the window, not rate()"
        #expect(throws: MissingData(.garbage, words)) { try query(answer(value)).count() }
        #expect(throws: MissingData(.garbage, words)) {
            try query(answer(value, edge: "1"), answer("5")).histogram(scale: 1)
        }
        #expect(try query(answer("0.99999")).count() == 1)
        #expect(try query(answer("0")).count() == 0)
    }

    @Test("more failures than requests are no share")
    func swapped() throws {
        let share = PrometheusQuery.share("canary.5xx_rate", failing: "f", total: "t")
        func signal(_ failing: String, _ total: String) throws(MissingData) -> Signal {
            try share.signal([
                "f": .success(try query(answer(failing))), "t": .success(try query(answer(total))),
            ])
        }
        #expect(try signal("11", "10").number == 1)
        for (failing, total) in [("100", "10"), ("7", "0")] {
            do throws(MissingData) {
                let share = try signal(failing, total)
                Issue.record("accepted: \(share)")
            } catch {
                #expect(error.reason == .garbage)
                #expect(error.detail.contains("failing is \(failing).0"), "\(error.detail)")
            }
        }
    }

    @Test("buckets of a query that are not cumulative, and odd numbers")
    func queriedHistogram() {
        #expect(throws: MissingData.self) {
            try query(answer("90", edge: "1"), answer("10", edge: "2"), answer("100"))
                .histogram(scale: 1000)
        }
        for text in ["0x10", "nan(0x1)"] {
            #expect(throws: MissingData.self) { try query(answer(text)) }
            #expect(throws: MissingData.self) {
                try query(answer("1", edge: text), answer("5")).histogram(scale: 1)
            }
        }
    }
}
