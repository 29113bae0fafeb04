import Arguments
import Events

@testable import Probes

/// A metrics page: lines do not influence each other, nor do the requested metrics, and the
/// computed numbers are plausible.
enum ExpositionTarget {
    private struct Sample: Equatable {
        var name: String
        var labels: [[UInt8]]
        var value: UInt64
    }

    private struct Samples: Equatable {
        var samples: [Sample] = []
        var isWhole = true
    }

    private static let names = ["http_requests_total", "http_request_duration_seconds_bucket", "a"]

    static func run(_ input: [UInt8]) throws {
        let whole = scan(input, names)
        var apart = Samples()
        for line in lines(of: input) where apart.isWhole {
            let one = scan(line, names)
            apart.samples += one.samples
            apart.isWhole = one.isWhole
        }
        try require(whole == apart, "\(whole), line by line \(apart)")
        for name in names where whole.isWhole {
            let one = scan(input, [name])
            let expected = whole.samples.filter { $0.name == name }
            try require(one.samples == expected, "of \(name) alone \(one), expected \(expected)")
        }
        try compute(input)
    }

    /// Each line with its newline.
    private static func lines(of page: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var start = 0
        while start < page.count {
            let end = page[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? page.count
            lines.append(Array(page[start..<end]))
            start = end
        }
        return lines
    }

    private static func scan(_ page: [UInt8], _ names: [String]) -> Samples {
        var found = Samples()
        do throws(MissingData) {
            try ExpositionScanner.scan(page, names: names) { name, labels, value in
                let texts = labels.entries.flatMap { entry in
                    let name = Array(labels.bytes[entry.name])
                    return [name, labels.value(of: name) ?? []]
                }
                found.samples.append(
                    Sample(name: names[name], labels: texts, value: value.bitPattern))
            }
        } catch { found.isWhole = false }
        return found
    }

    /// From the page to the judge's input: increases over two scrapes, and quantiles.
    private static func compute(_ page: [UInt8]) throws {
        let metrics = RequestMetrics()
        let selection = SeriesSelection(metrics, MeasurementArguments())
        guard let page = try? ScrapedPage(reading: page, for: metrics) else { return }
        var history = ScrapeHistory()
        let first = history.record(page, at: Timestamp(milliseconds: 0))
        let second = history.record(page, at: Timestamp(milliseconds: 1000))
        for one in Increase.since(first, to: second, selection) {
            try require(one.requests == 0 && one.failing == 0, "the same page twice grew: \(one)")
        }
        let empty = try ScrapedPage(reading: [], for: metrics)
        let nothing = Scrape(empty, at: Timestamp(milliseconds: 0), after: nil, forgetting: 1)
        for one in Increase.since(nothing, to: second, selection) {
            try require(one.failing >= 0 && one.failing <= one.requests, "\(one)")
            guard let histogram = one.histogram else { continue }
            for quantile in [0, 0.5, 0.99, 1] {
                let value = HistogramQuantile.value(
                    quantile, edges: histogram.edges, cumulative: histogram.cumulative)
                guard let value else { continue }
                try require(
                    !value.isNaN && value <= (histogram.edges.dropLast().last ?? 0),
                    "quantile \(quantile) of \(histogram) is \(value)")
            }
        }
    }
}
