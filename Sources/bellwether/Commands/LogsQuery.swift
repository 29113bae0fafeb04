import App
import ArgumentParser
import Events
import JSON
import EventLog

struct LogsQuery: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query", abstract: "Print matching events, oldest first, or count them.")

    @OptionGroup var config: ConfigOption
    @OptionGroup var remote: RemoteOption
    @OptionGroup var selection: LineSelection
    @Option(help: "End: 10m, 2h or 7d ago, or RFC 3339.") var until: String?
    @Option(name: .customLong("count-by"), help: "Count by this field instead of printing.")
    var countBy: String?
    @Option(help: "Maximum number of results.") var limit: Int?
    @Option(help: "Print only these fields: dotted paths, separated by commas.")
    var fields: String?
    @Flag(help: "Print the stored lines, or the counts as JSON.") var json = false
    @Flag(help: "Print the time taken inside the process on standard error.") var timing = false

    func run() async throws {
        let started = ContinuousClock.now
        if let node = try remote.node() {
            guard countBy == nil else {
                throw ValidationError("--count-by works on the data folder, not with --url")
            }
            try await ask(node)
        } else if let countBy {
            try selection.check(path: countBy, of: "--count-by")
            try await count(by: countBy)
        } else {
            try await list()
        }
        if timing {
            let taken = (ContinuousClock.now - started) / .milliseconds(1)
            Standard.error("took \((taken * 1000).rounded() / 1000) ms")
        }
    }

    private func list() async throws {
        let log = try config.log()
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
            missing.report(damaged: batch.damaged + foreign, skipped: batch.skipped + foreign)
            left -= batch.lines.count
            if batch.isCaughtUp { break }
            let start = first ?? batch.end.segment
            first = start
            progress.show(
                Double(batch.end.segment - start)
                    / Double(max(1, head.segment - min(start, head.segment))))
        }
        progress.clear()
        try missing.end()
    }

    private func count(by field: String) async throws {
        let log = try config.log()
        let query = try selection.query(until: until)
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
        show(counts, of: field)
        var missing = MissingLines()
        missing.report(damaged: counts.skipped, skipped: counts.skipped)
        try missing.end()
    }

    private func ask(_ node: RemoteNode) async throws {
        let parameters = try selection.parameters(until: until)
        let printer = LinePrinter(paths: try selection.paths(fields), asStored: json)
        var left = limit ?? .max
        var position: LogPosition? = .start
        var missing = MissingLines()
        while let after = position, left > 0 {
            let size = min(left, 1000)
            let page = try await RemoteOption.asking { () async throws(RemoteNode.Fault) in
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

    private func show(_ counts: EventLogCounts, of field: String) {
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
