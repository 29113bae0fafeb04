import Events

/// Formats numbers and times for the pages.
enum Format {
    /// `12 s ago`, `4 min ago`, `2 h ago`, `3 d ago`.
    static func age(_ moment: Timestamp, at now: Timestamp) -> String {
        let seconds = (now.milliseconds -| moment.milliseconds) / 1000
        return seconds < 0 ? "ahead of this node's clock" : "\(span(seconds)) ago"
    }

    static func ahead(_ moment: Timestamp, at now: Timestamp) -> String {
        let seconds = (moment.milliseconds -| now.milliseconds) / 1000
        return seconds <= 0 ? "now" : "in \(span(seconds))"
    }

    private static func span(_ seconds: Int64) -> String {
        switch seconds {
        case ..<60: "\(seconds) s"
        case ..<3600: "\(seconds / 60) min"
        case ..<86_400: "\(seconds / 3600) h"
        default: "\(seconds / 86_400) d"
        }
    }

    /// `10:02:11Z`; with the date, and without seconds, for another day than `now`.
    static func clock(_ moment: Timestamp, at now: Timestamp) -> String {
        let text = moment.rfc3339
        let isToday = text.prefix(10) == now.rfc3339.prefix(10)
        return String(isToday ? text.dropFirst(11).prefix(8) : text.prefix(16)) + "Z"
    }

    static func bytes(_ count: Int) -> String { MetricUnit.bytes.words(for: Double(count)) }

    static func milliseconds(_ duration: Duration) -> String {
        MetricUnit.milliseconds.words(for: duration / .milliseconds(1))
    }

    /// The first ten hex digits of a `sha256:` hash, enough to compare two by eye.
    static func hash(_ text: String) -> String {
        text.hasPrefix("sha256:") ? String(text.dropFirst(7).prefix(10)) : text
    }
}

extension MetricUnit {
    /// Formats values and their limit so that a value beyond the limit never has its text, and
    /// that each value is on its side of the shown limit.
    func words(for values: [Double], limit: Double?) -> (values: [String], limit: String?) {
        guard let limit else { return (values.map { words(for: $0) }, nil) }
        let pairs = values.map { words(for: $0, beside: limit) }
        // The limit with the most digits that any of them needs.
        let longest = pairs.map(\.limit).max { $0.utf8.count < $1.utf8.count }
        return (pairs.map(\.value), longest ?? words(for: limit))
    }
}

extension VerdictStatus {
    /// The letter in the grid, so that colour is not the only sign.
    var letter: String {
        switch self {
        case .healthy: "H"
        case .degraded: "D"
        case .unknown: "?"
        case .unhealthy: "U"
        }
    }

    /// The verdict as a coloured word with its letter.
    var badge: HTML {
        "<span class=\"badge \(rawValue)\"><span aria-hidden=\"true\">\(letter)</span> \(rawValue)</span>"
    }
}

extension Timestamp {
    /// A `time` element: shows the short form, with the exact time as attribute.
    func element(at now: Timestamp) -> HTML {
        "<time datetime=\"\(rfc3339)\" title=\"\(rfc3339)\">\(Format.clock(self, at: now))</time>"
    }
}
