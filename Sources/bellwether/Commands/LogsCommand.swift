import App
import ArgumentParser
import Events
import JSONScan
import Journal
import Settings

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Read the event log; works beside a running node.",
        subcommands: [LogsTail.self, LogsQuery.self, LogsStats.self, LogsVerify.self])
}

/// What selects lines, shared by `tail` and `query`.
struct LineSelection: ParsableArguments {
    @Option(help: "From when: 10m, 2h, 7d or RFC 3339.") var since: String?
    @Option(
        name: .customLong("where"),
        help:
            "field=value, !=, >, <, ~substring; dotted paths; several with spaces are joined by and."
    )
    var expression: String?

    func query(until: String? = nil) throws -> JournalQuery {
        let now = WallClock.system.now
        let condition: Expression
        do { condition = try expression.map { try Expression($0) } ?? .all } catch {
            throw ValidationError("--where: \(error)")
        }
        return JournalQuery(
            since: try Self.moment(since, "--since", now),
            until: try Self.moment(until, "--until", now), where: condition)
    }

    private static func moment(
        _ text: String?, _ option: String, _ now: Timestamp
    ) throws -> Timestamp? {
        guard let text else { return nil }
        guard let moment = Timestamp(relativeOrRFC3339: text, now: now) else {
            throw ValidationError("\(option) takes a span such as 10m, 2h or 7d, or RFC 3339")
        }
        return moment
    }
}

extension ConfigOption {
    func log() throws -> JournalFiles { JournalFiles(directory: try folder().path) }
}

struct LogsTail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "The last events, and with -f those that come.")

    @OptionGroup var config: ConfigOption
    @OptionGroup var selection: LineSelection
    @Flag(name: .shortAndLong, help: "Follow across rotations.") var follow = false
    @Option(name: .customShort("n"), help: "How many to begin with.") var count = 10
    @Option(help: "Only these fields, comma-separated dotted paths.") var fields: String?
    @Flag(help: "Print the stored lines themselves.") var json = false

    func run() async throws {
        let log = try config.log()
        let query = try selection.query()
        let printer = LinePrinter(fields: fields, asStored: json)
        let batch = try await log.last(count, query: query)
        for line in batch.lines { printer.show(line.bytes) }
        guard follow else { return }
        var reader = log.reader(from: batch.end, query: query)
        while !Task.isCancelled {
            let next = try await reader.next()
            for line in next.lines { printer.show(line.bytes) }
            if next.skipped > 0 {
                Standard.error("\(next.skipped) lines were removed before they were read")
            }
            if next.isCaughtUp { try await Task.sleep(for: .milliseconds(200)) }
        }
    }
}

struct LogsQuery: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query", abstract: "Events that match, the oldest first, or their counts.")

    @OptionGroup var config: ConfigOption
    @OptionGroup var selection: LineSelection
    @Option(help: "Up to when: a span or RFC 3339.") var until: String?
    @Option(name: .customLong("count-by"), help: "Count by this field instead of printing.")
    var countBy: String?
    @Option(help: "At most so many.") var limit: Int?
    @Option(help: "Only these fields, comma-separated dotted paths.") var fields: String?
    @Flag(help: "Print the stored lines themselves, or the counts as JSON.") var json = false

    func run() async throws {
        let log = try config.log()
        let query = try selection.query(until: until)
        if let countBy {
            show(try await log.count(by: countBy, query: query), of: countBy)
            return
        }
        let printer = LinePrinter(fields: fields, asStored: json)
        var left = limit ?? .max
        var reader = log.reader(query: query)
        while left > 0 {
            let batch = try await reader.next(maxLines: min(left, 1000))
            for line in batch.lines { printer.show(line.bytes) }
            left -= batch.lines.count
            if batch.isCaughtUp { break }
        }
    }

    private func show(_ counts: JournalCounts, of field: String) {
        let rows = counts.rows.prefix(limit ?? .max)
        if json {
            var writer = JSONWriter()
            writer.object { w in
                w.member("field", field)
                w.member("total", counts.total)
                w.member(array: "counts") { w in
                    for row in rows {
                        w.object { w in
                            w.member("value", row.value)
                            w.member("count", row.count)
                        }
                    }
                }
            }
            print(writer.text)
            return
        }
        var table = Table("COUNT", field.uppercased())
        for row in rows { table.add("\(row.count)", row.value ?? "–") }
        print(table.text)
        print("\(counts.total) in all")
    }
}

struct LogsStats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Sizes, span and rate of the log.")

    @OptionGroup var config: ConfigOption
    @Flag(help: "Print as JSON.") var json = false

    func run() async throws {
        let settings = try config.load()
        let stats = try await JournalFiles(directory: settings.dataDirectory).stats()
        if json {
            var writer = JSONWriter()
            writer.object { w in
                w.member("lines", stats.lines)
                w.member("bytes", stats.bytes)
                w.member("allocated", stats.allocated)
                w.member("max_bytes", settings.log.maxBytes)
                w.member("earliest", stats.earliest?.rfc3339)
                w.member("latest", stats.latest?.rfc3339)
                w.member("lines_per_second", stats.linesPerSecond)
                w.member("segments", stats.segments.count)
            }
            print(writer.text)
            return
        }
        var table = Table("SEGMENT", "STATE", "LINES", "BYTES", "ON DISK", "FROM", "TO")
        for segment in stats.segments {
            table.add(
                "\(segment.number)", segment.state.rawValue, "\(segment.lines)",
                "\(segment.bytes)", "\(segment.allocated)", segment.earliest?.rfc3339 ?? "–",
                segment.latest?.rfc3339 ?? "–")
        }
        print(table.text)
        print(
            "\(stats.lines) lines, \(stats.allocated) of \(settings.log.maxBytes) bytes on disk")
    }
}

struct LogsVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every archive and index; exit 1 when damage was found.")

    @OptionGroup var config: ConfigOption
    @Flag(help: "Mend what can be mended; the node must not run.") var repair = false

    func run() async throws {
        let log = try config.log()
        let report = try await repair ? log.repair() : log.verify()
        for damage in report.damage {
            let range = damage.range.map { " bytes \($0.lowerBound)–\($0.upperBound)" } ?? ""
            let lines = damage.lines.map { ", \($0) lines" } ?? ""
            Standard.error(
                "\(damage.file)\(range)\(lines): \(damage.what)\(damage.repaired ? " (repaired)" : "")"
            )
        }
        for gap in report.gaps {
            Standard.error("\(gap.node) \(gap.epoch): \(gap.missing) sequence numbers missing")
        }
        print("\(report.segments) segments, \(report.lines) lines, \(report.bytes) bytes")
        if !report.isSound { throw ExitCode(1) }
    }
}
