import Core
import Events
import Transfer

/// The format of a metrics page, determined by its Content-Type.
enum PageFormat {
    /// The Prometheus text format 0.0.4; also assumed for unknown types.
    case text
    /// OpenMetrics 1.0 in text.
    case openMetrics

    /// The `Accept` header. OpenMetrics is preferred: its last line, `# EOF`, shows that it is
    /// complete.
    static let accept =
        "application/openmetrics-text;version=1.0.0;q=0.9,text/plain;version=0.0.4;q=0.8,*/*;q=0.1"

    /// Throws absent(garbage) with the name of the format if it is protobuf.
    init(of reply: HTTPReply) throws(MissingData) {
        let type =
            (reply.header("content-type") ?? "").split(separator: ";").first.map(String.init) ?? ""
        switch type.lowercased().filter({ !$0.isWhitespace }) {
        case "application/openmetrics-text": self = .openMetrics
        case "application/vnd.google.protobuf", "application/openmetrics-protobuf":
            throw MissingData(
                .garbage,
                "protobuf, which native histograms need, is not supported: let the server send text, with classic buckets"
            )
        // Exporters use many types for the text format; the scanner rejects other content.
        default: self = .text
        }
    }

    /// Returns the page with its last line feed added if it is missing and the page is complete.
    ///
    /// Throws absent(garbage) for an OpenMetrics page without `# EOF` as its last line.
    func whole(_ page: [UInt8], isDelimited: Bool) throws(MissingData) -> [UInt8] {
        var page = page
        // The format requires a final line feed, but many exporters omit it. If the end of the
        // answer is marked, nothing was cut off.
        if isDelimited || self == .openMetrics, page.last != UInt8(ascii: "\n") {
            page.append(UInt8(ascii: "\n"))
        }
        guard self == .openMetrics else { return page }
        var end = page[...]
        while let last = end.last, last == 0x0A || last == 0x0D || last == 0x20 {
            end.removeLast()
        }
        let mark = Array("# EOF".utf8)
        let isAlone = end.count == mark.count || end.dropLast(mark.count).last == 0x0A
        guard end.suffix(mark.count).elementsEqual(mark), isAlone else {
            throw MissingData(
                .garbage, "an OpenMetrics page without # EOF at its end, as if cut off")
        }
        return page
    }

    /// Throws absent(garbage) if the page declares another unit for the histogram (`# UNIT name
    /// unit`) than the configured one.
    func checkUnit(_ page: [UInt8], of metrics: RequestMetrics) throws(MissingData) {
        guard self == .openMetrics, let histogram = metrics.histogram else { return }
        let start = Array("# UNIT \(histogram) ".utf8)
        let line = page.split(separator: 0x0A).first { $0.starts(with: start) }
        guard let line else { return }
        let unit = InertText.line(
            String(decoding: line.dropFirst(start.count).prefix(40), as: UTF8.self), limit: 40)
        let expected = metrics.histogramUnit == .seconds ? "seconds" : "milliseconds"
        guard unit.isEmpty || unit == expected else {
            throw MissingData(
                .garbage, "\(histogram) is in \"\(unit)\", read as \(expected): set latency_unit")
        }
    }
}
