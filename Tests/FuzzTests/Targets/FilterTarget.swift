import Events
import JSON

@testable import EventLog

/// Skipping data with the index must not change a result: each query runs on a sealed segment and
/// on its lines one by one.
///
/// The input: a filter, a field to count by, and lines. Lines that ingest would refuse are
/// left out. A field that begins with `@` limits the time.
enum FilterTarget {
    static func run(_ input: [UInt8]) throws {
        let all = InputBytes(input).lines
        guard all.count > 2, all.count < 64, let text = String(validating: all[0], as: UTF8.self)
        else { return }
        guard let condition = try? Filter(text, .events.orAny) else { return }
        var field = String(decoding: all[1], as: UTF8.self)
        var query = EventLogQuery(where: condition)
        if field.hasPrefix("@") {
            query.since = Timestamp(rfc3339: "2026-11-23T06:00:00Z")
            query.until = Timestamp(rfc3339: "2026-11-23T07:00:00Z")
            field.removeFirst()
        }
        let lines = all[2...].filter { (try? ScannedLine($0)) != nil }
        let log = SealedLog(lines, perMember: 3)
        let expected = lines.filter { line in line.withUnsafeBytes { query.matches($0) } }
        for way in ["with the index", "with an index made anew", "without"] {
            if way == "with an index made anew" { log.files[log.indexPath] = nil }
            if way == "without" { log.files[log.indexPath] = [] }
            let answer = try log.read(query)
            try require(
                answer == SealedLog.Answer(lines: expected),
                "\(way) \(shown(answer.lines)), expected \(shown(expected))")
            let last = try log.last(2, query)
            try require(
                last == Array(expected.suffix(2)),
                "\(way), the last \(shown(last)) of \(shown(expected))")
            let counts = try log.count(by: field, query)
            let counted = count(expected, by: field)
            try require(
                counts.rows == counted && counts.total == expected.count,
                "\(way), by \(field) \(counts.rows), expected \(counted)")
        }
        try require(log.files.descriptors == 0, "files are left open")
    }

    /// The counts of the lines, read one by one.
    private static func count(_ lines: [[UInt8]], by field: String) -> [EventLogCounts.Row] {
        let path = FieldPath(field)
        var counts: [[UInt8]?: Int] = [:]
        for line in lines {
            for value in values(of: path, in: line) { counts[value, default: 0] += 1 }
        }
        return counts.map { value, count in
            EventLogCounts.Row(
                value: value.map { String(decoding: $0, as: UTF8.self) }, count: count)
        }
        .sorted { ($1.count, $0.value ?? "") < ($0.count, $1.value ?? "") }
    }

    /// The values of a line, for a list its elements, each once as its bytes are; nil for a line
    /// without any.
    private static func values(of path: FieldPath, in line: [UInt8]) -> [[UInt8]?] {
        line.withUnsafeBytes { bytes in
            guard let root = try? JSONScanner.validate(bytes, limits: .event) else { return [nil] }
            var seen: Set<String> = []
            var found: [[UInt8]?] = []
            func take(_ slice: JSONScanner.Slice) {
                if slice.kind == .array {
                    try? JSONScanner.elements(of: slice, in: bytes) { take($0) }
                    return
                }
                guard seen.insert(slice.raw(in: bytes)).inserted else { return }
                found.append(
                    slice.kind == .null
                        ? nil : Array((slice.text(in: bytes) ?? slice.raw(in: bytes)).utf8))
            }
            path.visit(root, in: bytes) { take($0) }
            return found.isEmpty ? [nil] : found
        }
    }

    private static func shown(_ lines: [[UInt8]]) -> String {
        "\(lines.map { String(decoding: $0, as: UTF8.self) })"
    }
}
