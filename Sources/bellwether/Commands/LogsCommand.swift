import App
import ArgumentParser
import Events
import JSON
import EventLog
import Settings

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Read the event log, also while the node runs.",
        subcommands: [LogsTail.self, LogsQuery.self, LogsStats.self, LogsVerify.self])
}

/// The options that select lines, shared by `tail` and `query`.
struct LineSelection: ParsableArguments {
    @Option(help: "Start: 10m, 2h or 7d ago, or RFC 3339.") var since: String?
    @Option(
        name: .customLong("where"),
        help:
            "A filter: field=value, !=, >, <, >=, <=, ~substring, =~regex, in (a, b), not, or, parentheses; dotted paths (deltas.canary.5xx_rate.value>1%)."
    )
    var expression: String?
    @Flag(
        help: "Accept fields of senders' own: unknown names and other types are no errors.")
    var anyField = false

    var known: FilterFields { anyField ? .events.orAny : .events }

    func query(until: String? = nil) throws -> EventLogQuery {
        let now = WallClock.system.now
        let condition: Filter
        do throws(FilterFault) { condition = try Filter(expression ?? "", known) } catch {
            throw ValidationError("--where: \(error.described(anyField: "--any-field"))")
        }
        return EventLogQuery(
            since: try Self.moment(since, "--since", now),
            until: try Self.moment(until, "--until", now), where: condition)
    }

    /// The same selection as query parameters of `GET /v1/events`.
    func parameters(until: String? = nil) throws -> [(name: String, value: String)] {
        _ = try query(until: until)
        return [
            ("since", since), ("until", until), ("where", expression),
            ("any_field", anyField ? "true" : nil),
        ].compactMap { item in item.1.map { (name: item.0, value: $0) } }
    }

    /// Checks the dotted path of an option.
    func check(path: String, of option: String) throws {
        do throws(FilterFault) { try known.check(path: path) } catch {
            let hint =
                error.isLiftedByAnyField ? " (--any-field accepts fields of senders' own)" : ""
            throw ValidationError(
                "\(option): \(TerminalText.inert(error.part)): \(error.fault); \(error.remedy)\(hint)"
            )
        }
    }

    /// Parses the dotted paths of `--fields`; nil without that option.
    func paths(_ fields: String?) throws -> [String]? {
        guard let fields else { return nil }
        let paths = fields.split(separator: ",", omittingEmptySubsequences: false).map {
            $0.filter { !$0.isWhitespace }
        }
        for path in paths { try check(path: path, of: "--fields") }
        return paths
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

/// Reports lines that are missing from a command's output, for its exit status.
struct MissingLines {
    private var isAny = false

    /// - Parameters:
    ///   - damaged: Number of lines that are damaged or in missing files.
    ///   - skipped: `damaged` plus the lines that were removed for space or age.
    mutating func report(damaged: Int, skipped: Int) {
        let removed = skipped - damaged
        if removed > 0 { Standard.error("\(removed) lines were removed before they were read") }
        guard damaged > 0 else { return }
        isAny = true
        Standard.error(
            "at least \(damaged) lines are damaged or missing here: run `bellwether logs verify`")
    }

    /// Exits with 1 when lines were damaged or missing.
    func end() throws {
        if isAny { throw ExitCode(1) }
    }
}

extension ConfigOption {
    func log() throws -> EventLogFiles { EventLogFiles(directory: try folder().path) }
}

struct LogsStats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Print size, time span and rate of the log.")

    @OptionGroup var config: ConfigOption
    @Flag(help: "Print as JSON.") var json = false

    func run() async throws {
        let settings = try config.load()
        let stats = try await EventLogFiles(directory: settings.dataDirectory).stats()
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
            return try end(stats)
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
        try end(stats)
    }

    /// Exits with 1 when not all lines could be counted.
    private func end(_ stats: EventLogStats) throws {
        for fault in stats.faults {
            Standard.error("\(TerminalText.inert(fault)): run `bellwether logs verify`")
        }
        if !stats.faults.isEmpty { throw ExitCode(1) }
    }
}

struct LogsVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every archive and index; exit 1 if damage is found.")

    @OptionGroup var config: ConfigOption
    @Flag(help: "Repair what can be repaired; stop the node first.") var repair = false

    func run() async throws {
        let log = try config.log()
        let report = try await repair ? log.repair() : log.verify()
        for damage in report.damage {
            let range = damage.range.map { " bytes \($0.lowerBound)–\($0.upperBound)" } ?? ""
            let lines = damage.lines.map { ", \($0) lines" } ?? ""
            Standard.error(
                "\(TerminalText.inert(damage.file))\(range)\(lines): \(damage.what)\(damage.repaired ? " (repaired)" : "")"
            )
        }
        for gap in report.gaps {
            Standard.error(
                TerminalText.inert(
                    "\(gap.node) \(gap.epoch): \(gap.missing) sequence numbers missing"))
        }
        print("\(report.segments) segments, \(report.lines) lines, \(report.bytes) bytes")
        if !report.isSound { throw ExitCode(1) }
    }
}
