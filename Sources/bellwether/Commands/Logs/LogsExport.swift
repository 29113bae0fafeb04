import App
import ArgumentParser
import Core
import EventLog
import Events
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

struct LogsExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write matching events to a file, as stored lines or as CSV.",
        discussion: """
            The file appears under its name once it is complete and on disk; an existing one is \
            kept unless --force is given. Without --output it goes to standard output. The cursor \
            that is printed at the end continues the next export with --after, without repeated \
            or missing lines. In CSV (RFC 4180), a text that a spreadsheet would take for a \
            formula begins with an apostrophe. Exit 1 if lines are damaged or missing.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        /// The stored lines.
        case jsonl
        case csv
    }

    @OptionGroup var node: NodeOption
    @OptionGroup var selection: LineSelection
    @Option(help: "End: 10m, 2h or 7d ago, or RFC 3339.") var until: String?
    @Option(help: "Start after this cursor of an earlier export.") var after: String?
    @Option(name: .shortAndLong, help: "The file; standard output by default.") var output: String?
    @Option(help: "The stored lines, or a table.") var format = Format.jsonl
    @Option(help: "The columns of a table: dotted paths, separated by commas.") var fields: String?
    @Flag(help: "Replace an existing file.") var force = false

    private static let columns = [
        "ts", "level", "event", "namespace", "rollout", "revision", "az", "node", "concern",
        "attempt", "status", "message",
    ]

    func validate() throws {
        if fields != nil, format != .csv {
            throw ValidationError("--fields needs --format csv; stored lines are written whole")
        }
        if force, output == nil { throw ValidationError("--force belongs to --output") }
    }

    func run() async throws {
        let start = try after.map { token in
            guard let place = LogPosition(token) else {
                throw ValidationError("--after takes a cursor such as 41:1830")
            }
            return place
        }
        var writer = LineWriter(
            try ExportFile(output, replaces: force),
            columns: format == .csv ? try selection.paths(fields) ?? Self.columns : nil)
        let end: LogPosition
        var missing = MissingLines()
        do {
            try writer.begin()
            switch try node.target() {
            case .folder(let local):
                end = try await export(local.log, from: start, to: &writer, &missing)
            case .node(let remote):
                end = try await export(remote, from: start, to: &writer, &missing)
            }
            try writer.file.finish()
        } catch {
            writer.file.discard()
            throw error
        }
        Standard.error(
            "exported \(writer.lines) events\(output.map { " to \($0)" } ?? ""); cursor: \(end)")
        try missing.end()
    }

    private func export(
        _ log: EventLogFiles, from start: LogPosition?, to writer: inout LineWriter,
        _ missing: inout MissingLines
    ) async throws -> LogPosition {
        let query = try selection.query(until: until)
        let progress = Progress()
        defer { progress.clear() }
        var reader = log.reader(from: start ?? .start, query: query)
        let head = try await log.head()
        var first: UInt64?
        while true {
            let batch = try await reader.next(maxLines: 1000)
            let foreign = try writer.write(batch.lines.lazy.map(\.bytes))
            missing.report(damaged: batch.damaged +| foreign, skipped: batch.skipped +| foreign)
            if batch.isCaughtUp || batch.end >= head { return batch.end }
            let from = first ?? batch.end.segment
            first = from
            progress.show(
                Double(batch.end.segment -| from)
                    / Double(max(1, head.segment -| from)))
        }
    }

    private func export(
        _ node: RemoteNode, from start: LogPosition?, to writer: inout LineWriter,
        _ missing: inout MissingLines
    ) async throws -> LogPosition {
        let parameters = try selection.parameters(until: until)
        var position = start ?? .start
        while true {
            let after = position
            let page = try await Search.request { () async throws(RemoteNode.Fault) in
                try await node.events(parameters, limit: 1000, after: after)
            }
            let foreign = try writer.write(page.lines)
            missing.report(damaged: foreign, skipped: foreign)
            page.reportSkipped()
            guard let next = page.next else { return position }
            position = next
            if page.isCaughtUp { return position }
        }
    }
}

/// Writes lines of the log unchanged, or as rows of a table.
private struct LineWriter {
    let file: ExportFile
    private let columns: [String]?
    private let printer: LinePrinter?
    private(set) var lines = 0

    init(_ file: ExportFile, columns: [String]?) {
        self.file = file
        self.columns = columns
        printer = columns.map { LinePrinter(paths: $0, asStored: false) }
    }

    func begin() throws {
        if let columns { try file.write(Self.row(columns)) }
    }

    /// Writes lines; returns how many of them were not JSON objects, which no node stores.
    mutating func write(_ new: some Sequence<[UInt8]>) throws -> Int {
        var bytes: [UInt8] = []
        var foreign = 0
        for line in new {
            guard LinePrinter.isEvent(line) else {
                foreign += 1
                continue
            }
            if let printer {
                bytes += Self.row(printer.cells(of: line))
            } else {
                bytes += line
                bytes.append(UInt8(ascii: "\n"))
            }
            lines += 1
        }
        try file.write(bytes)
        return foreign
    }

    /// A record of RFC 4180.
    private static func row(_ cells: [String]) -> [UInt8] {
        Array((cells.map(InertText.csvField).joined(separator: ",") + "\r\n").utf8)
    }
}

/// The destination of an export: a file that appears when it is complete, or standard output.
private final class ExportFile {
    private let path: String?
    private let temporary: String
    private var descriptor: Int32
    private let replaces: Bool

    init(_ path: String?, replaces: Bool) throws {
        self.path = path
        self.replaces = replaces
        guard let path else {
            (temporary, descriptor) = ("", STDOUT_FILENO)
            return
        }
        var status = stat()
        if lstat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw ValidationError(
                    "\(path) is not a file; leave --output out for standard output")
            }
            guard replaces else {
                throw ValidationError(
                    "\(path) exists; give another name, or --force to replace it")
            }
        }
        temporary = path + ".part"
        // O_EXCL: another export of the same name may be under way.
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            let hint = errno == EEXIST ? "; remove it if no other export writes it" : ""
            throw ValidationError("\(temporary): \(reason)\(hint)")
        }
    }

    func write(_ bytes: [UInt8]) throws {
        guard AtomicFile.append(bytes, to: descriptor) else { throw fault("write") }
    }

    /// Makes the file durable and gives it its name.
    func finish() throws {
        guard let path else { return }
        guard fsync(descriptor) == 0 else { throw fault("fsync") }
        // `link` refuses a file that appeared meanwhile; `rename` replaces it.
        let isNamed =
            replaces ? rename(temporary, path) == 0 : link(temporary, path) == 0
        guard isNamed else { throw fault("rename") }
        discard()
    }

    /// Closes the file and removes its temporary name.
    func discard() {
        guard path != nil, descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
        unlink(temporary)
    }

    private func fault(_ call: String) -> ExportFault {
        ExportFault(
            description:
                "\(path ?? "standard output"): \(call): \(String(cString: strerror(errno)))"
        )
    }
}

private struct ExportFault: Error, CustomStringConvertible {
    let description: String
}
