import App
import ArgumentParser
import Core
import EventLog
import Events
import JSON
import Notifier
import Settings

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Read the event log, also while the node runs.",
        subcommands: [
            LogsTail.self, LogsQuery.self, LogsExport.self, LogsStats.self, LogsVerify.self,
        ])
}

/// The options that select lines, shared by `tail`, `query` and `export`.
struct LineSelection: ParsableArguments {
    @Option(help: "Start: 10m, 2h or 7d ago, or RFC 3339.") var since: String?
    @Option(
        name: .customLong("where"),
        help:
            "A filter: field=value, !=, >, <, >=, <=, ~substring, =~regex, in (a, b), not, or, parentheses; dotted paths (deltas.canary.5xx_rate.value>1%). Given several times, all must hold."
    )
    var expressions: [String] = []
    @Flag(
        help: "Accept fields of senders' own: unknown names and other types are no errors.")
    var anyField = false

    var known: FilterFields { anyField ? .events.orAny : .events }

    func query(until: String? = nil) throws -> EventLogQuery {
        let now = WallClock.system.now
        let condition: Filter
        do throws(FilterFault) {
            var filters: [Filter] = []
            for expression in expressions { filters.append(try Filter(expression, known)) }
            condition = try Filter(all: filters, known)
        } catch {
            throw ValidationError("--where: \(error.described(anyField: "--any-field"))")
        }
        let query = EventLogQuery(
            since: try Self.moment(since, "--since", now),
            until: try Self.moment(until, "--until", now), where: condition)
        if let since = query.since, let until = query.until, since > until {
            throw ValidationError("--since is after --until, so that no line is between them")
        }
        return query
    }

    private var joined: String? {
        expressions.count < 2
            ? expressions.first : expressions.map { "(\($0))" }.joined(separator: " and ")
    }

    /// The same selection as query parameters of `GET /v1/events`.
    func parameters(until: String? = nil) throws -> [(name: String, value: String)] {
        _ = try query(until: until)
        return [
            ("since", since), ("until", until), ("where", joined),
            ("any_field", anyField ? "true" : nil),
        ].compactMap { item in item.1.map { (name: item.0, value: $0) } }
    }

    /// Checks the dotted path of an option.
    func check(path: String, of option: String) throws {
        do throws(FilterFault) { try known.check(path: path) } catch {
            let hint =
                error.isLiftedByAnyField ? " (--any-field accepts fields of senders' own)" : ""
            throw ValidationError(
                "\(option): \(InertText.terminal(error.part)): \(error.fault); \(error.remedy)\(hint)"
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
        let removed = skipped -| damaged
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

struct LogsStats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Print size, time span and rate of the log.")

    @OptionGroup var node: NodeOption
    @OptionGroup var archives: ArchiveOption
    @Flag(help: "Print as JSON.") var json = false

    func run() async throws { try await LogSource.reading { try await read() } }

    private func read() async throws {
        let document = try await LogSource(node, archives).document(
            "/v1/events/stats", within: RemoteNode.wholeLog
        ) { log, maxBytes in
            LogDocument.stats(try await log.stats(), maxBytes: maxBytes)
        }
        let stats = try Answer.tree(document)
        if json {
            print(String(decoding: document, as: UTF8.self))
        } else {
            show(stats)
        }
        // Not all lines could be counted.
        let faults = stats["faults"]?.elements?.compactMap(\.string) ?? []
        for fault in faults {
            Standard.error("\(InertText.terminal(fault)): run `bellwether logs verify`")
        }
        if !faults.isEmpty { throw ExitCode(1) }
    }

    private func show(_ stats: JSONValue) {
        func count(_ row: JSONValue, _ key: String) -> String { "\(row[key]?.integer ?? 0)" }
        var table = Table("SEGMENT", "STATE", "LINES", "BYTES", "ON DISK", "FROM", "TO")
        for row in stats["files"]?.elements ?? [] {
            table.add(
                count(row, "segment"), row.text("state"), count(row, "lines"),
                count(row, "bytes"), count(row, "allocated"), row["earliest"]?.string ?? "–",
                row["latest"]?.string ?? "–")
        }
        print(table.text)
        let quota = stats["max_bytes"]?.integer.map { " of \($0)" } ?? ""
        let place = archives.from.map { "in \(InertText.terminal($0))" } ?? "on disk"
        print(
            "\(count(stats, "lines")) lines, \(count(stats, "allocated"))\(quota) bytes \(place)")
    }
}

struct LogsVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every archive and index; exit 1 if damage is found.")

    @OptionGroup var node: NodeOption
    @OptionGroup var archives: ArchiveOption
    @Flag(help: "Repair what can be repaired; stop the node first.") var repair = false
    @Flag(help: "Print as JSON.") var json = false

    func run() async throws { try await LogSource.reading { try await read() } }

    private func read() async throws {
        let source = try await LogSource(node, archives)
        if repair {
            guard archives.from == nil, case .files = source else {
                throw ValidationError(
                    "--repair needs the data folder of a stopped node: run it there with --config")
            }
        }
        let repairs = repair
        let document = try await source.document(
            "/v1/events/verify", within: RemoteNode.wholeLog
        ) { log, _ in
            LogDocument.verification(try await repairs ? log.repair() : log.verify())
        }
        let report = try Answer.tree(document)
        if json {
            print(String(decoding: document, as: UTF8.self))
        } else {
            show(report)
        }
        if report["sound"]?.bool != true { throw ExitCode(1) }
    }

    private func show(_ report: JSONValue) {
        for damage in report["damage"]?.elements ?? [] {
            var range = ""
            if let from = damage["from"]?.integer, let to = damage["to"]?.integer {
                range = " bytes \(from)–\(to)"
            }
            let lines = damage["lines"]?.integer.map { ", \($0) lines" } ?? ""
            let repaired = damage["repaired"]?.bool == true ? " (repaired)" : ""
            Standard.error(
                "\(InertText.terminal(damage.text("file")))\(range)\(lines): \(damage.text("what"))\(repaired)"
            )
        }
        for gap in report["gaps"]?.elements ?? [] {
            Standard.error(
                InertText.terminal(
                    "\(gap.text("node")) \(gap.text("epoch")): \(gap["missing"]?.integer ?? 0) sequence numbers missing"
                ))
        }
        func count(_ key: String) -> Int64 { report[key]?.integer ?? 0 }
        print("\(count("segments")) segments, \(count("lines")) lines, \(count("bytes")) bytes")
    }
}
