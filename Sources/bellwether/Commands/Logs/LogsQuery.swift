import App
import ArgumentParser
import Events
import JSON
import EventLog
import Notifier

struct LogsQuery: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query", abstract: "Print matching events, oldest first, or count them.")

    @OptionGroup var node: NodeOption
    @OptionGroup var archives: ArchiveOption
    @Flag(help: "Do not read the archives that only the bucket of the configuration has.")
    var local = false
    @OptionGroup var selection: LineSelection
    @Option(help: "End: 10m, 2h or 7d ago, or RFC 3339.") var until: String?
    @Option(name: .customLong("count-by"), help: "Count by this field instead of printing.")
    var countBy: String?
    @Option(help: "Maximum number of results.") var limit: Int?
    @Option(help: "Print only these fields: dotted paths, separated by commas.")
    var fields: String?
    @Flag(help: "Print the stored lines, or the counts as JSON.") var json = false
    @Flag(help: "Print the time taken inside the process on standard error.") var timing = false

    func validate() throws {
        // Fewer results would look like a log without such events.
        if let limit, limit < 1 { throw ValidationError("--limit takes a number from 1") }
    }

    func run() async throws { try await LogSource.reading { try await read() } }

    private func read() async throws {
        let started = ContinuousClock.now
        let query = try selection.query(until: until)
        let source = try await LogSource(node, archives, reaching: local ? nil : query)
        if let countBy {
            try selection.check(path: countBy, of: "--count-by")
            try await count(by: countBy, source)
        } else {
            switch source {
            case .node(let node): try await list(from: node)
            case .files(let log, _): try await list(log)
            }
        }
        if timing, case .files(let log, _) = source, let reading = log.storeReading {
            Standard.error("read \(reading.bytes) bytes in \(reading.requests) requests")
        }
        if timing {
            let taken = (ContinuousClock.now - started) / .milliseconds(1)
            Standard.error("took \((taken * 1000).rounded() / 1000) ms")
        }
    }

    private func list(_ log: EventLogFiles) async throws {
        let query = try selection.query(until: until)
        let printer = LinePrinter(paths: try selection.paths(fields), asStored: json)
        let progress = Progress()
        var left = limit ?? .max
        var reader = log.reader(query: query)
        var first: UInt64?
        var missing = MissingLines()
        let head = try await log.head()
        while left > 0 {
            let batch = try await reader.next(maxLines: min(left, 1000))
            progress.clear()
            let foreign = printer.show(batch.lines.lazy.map(\.bytes))
            missing.report(damaged: batch.damaged +| foreign, skipped: batch.skipped +| foreign)
            left -= batch.lines.count
            if batch.isCaughtUp { break }
            let start = first ?? batch.end.segment
            first = start
            progress.show(
                Double(batch.end.segment -| start)
                    / Double(max(1, head.segment -| start)))
        }
        progress.clear()
        try missing.end()
    }

    private func count(by field: String, _ source: LogSource) async throws {
        let query = try selection.query(until: until)
        let limit = limit
        let selected = Query.text(
            try selection.parameters(until: until).map { ($0.name, $0.value) }
                + [("by", field), ("limit", limit.map { "\($0)" })])
        let document = try await source.document(
            "/v1/events/counts" + selected, within: RemoteNode.wholeLog
        ) { log, _ in
            LogDocument.counts(
                try await Self.counts(log, by: field, query), of: field, limit: limit ?? .max)
        }
        let counts = try Answer.tree(document)
        if json {
            print(String(decoding: document, as: UTF8.self))
        } else {
            var table = Table("COUNT", field.uppercased())
            for row in counts["counts"]?.elements ?? [] {
                table.add("\(row["count"]?.integer ?? 0)", row["value"]?.string ?? "–")
            }
            print(table.text)
            print("\(counts["total"]?.integer ?? 0) in all")
        }
        let skipped = Int(clamping: counts["skipped"]?.integer ?? 0)
        var missing = MissingLines()
        missing.report(damaged: skipped, skipped: skipped)
        try missing.end()
    }

    private static func counts(
        _ log: EventLogFiles, by field: String, _ query: EventLogQuery
    ) async throws -> EventLogCounts {
        let (parts, feed) = AsyncStream.makeStream(
            of: Double.self, bufferingPolicy: .bufferingNewest(1))
        let bar = Task {
            let progress = Progress()
            for await part in parts { progress.show(part) }
            progress.clear()
        }
        defer { feed.finish() }
        let counts = try await log.count(by: field, query: query) { feed.yield($0) }
        feed.finish()
        await bar.value
        return counts
    }

    private func list(from node: RemoteNode) async throws {
        let parameters = try selection.parameters(until: until)
        let printer = LinePrinter(paths: try selection.paths(fields), asStored: json)
        var left = limit ?? .max
        var position: LogPosition? = .start
        var missing = MissingLines()
        while let after = position, left > 0 {
            let size = min(left, 1000)
            let page = try await Search.request { () async throws(RemoteNode.Fault) in
                try await node.events(parameters, limit: size, after: after)
            }
            let foreign = printer.show(page.lines)
            missing.report(damaged: foreign, skipped: foreign)
            page.reportSkipped()
            left -= page.lines.count
            if page.isCaughtUp { break }
            position = page.next
        }
        try missing.end()
    }
}
