import App
import ArgumentParser
import Events
import EventLog

struct LogsTail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Print the last events; with -f, follow new ones.",
        discussion: """
            --show-cursor prints a token on standard error after each batch; --after TOKEN \
            continues from there, across rotation and compression, without repeated or missing lines.
            """)

    @OptionGroup var node: NodeOption
    @OptionGroup var archives: ArchiveOption
    @OptionGroup var selection: LineSelection
    @Flag(name: .shortAndLong, help: "Follow across rotations.") var follow = false
    @Option(name: .customShort("n"), help: "Number of events to start with.") var count = 10
    @Option(help: "Start after this cursor instead of with the last events.") var after: String?
    @Flag(help: "Print a cursor on standard error after the events.") var showCursor = false
    @Option(help: "Print only these fields: dotted paths, separated by commas.")
    var fields: String?
    @Flag(help: "Print the stored lines.") var json = false

    func validate() throws {
        if count < 0 { throw ValidationError("-n takes a number from 0") }
    }

    func run() async throws { try await LogSource.reading { try await read() } }

    private func read() async throws {
        let place = try after.map { token in
            guard let place = LogPosition(token) else {
                throw ValidationError("--after takes a cursor such as 41:1830")
            }
            return place
        }
        let printer = LinePrinter(paths: try selection.paths(fields), asStored: json)
        switch try await LogSource(node, archives) {
        case .files(let log, _): try await follow(log, from: place, printer)
        case .node(let node):
            let showsCursor = showCursor
            try await RemoteTail(
                node: node, parameters: try selection.parameters(), follow: follow, count: count,
                onCursor: { if showsCursor { Standard.error("cursor: \($0)") } }
            ).run(from: place, printer)
        }
    }

    private func show(_ cursor: LogPosition) {
        if showCursor { Standard.error("cursor: \(cursor)") }
    }

    private func follow(
        _ log: EventLogFiles, from place: LogPosition?, _ printer: LinePrinter
    ) async throws {
        let query = try selection.query()
        var position: LogPosition
        var missing = MissingLines()
        if let place {
            position = place
        } else {
            let batch = try await log.last(count, query: query)
            let foreign = printer.show(batch.lines.lazy.map(\.bytes))
            missing.report(damaged: batch.damaged +| foreign, skipped: batch.skipped +| foreign)
            position = batch.end
            show(position)
            if !follow { return try missing.end() }
        }
        var reader = log.reader(from: position, query: query)
        var fault = ""
        while !Task.isCancelled {
            do {
                let next = try await reader.next()
                let foreign = printer.show(next.lines.lazy.map(\.bytes))
                missing.report(damaged: next.damaged +| foreign, skipped: next.skipped +| foreign)
                if next.end != position {
                    position = next.end
                    show(position)
                }
                guard next.isCaughtUp else { continue }
                if try await log.head() < position {
                    Standard.error("the log ends before \(position): it was recreated")
                    position = .start
                    reader = log.reader(from: .start, query: query)
                    continue
                }
                fault = ""
            } catch {
                // The folder may be moved or recreated while it is followed.
                guard follow else { throw error }
                if "\(error)" != fault { Standard.error("\(error); trying again") }
                fault = "\(error)"
            }
            if !follow { return try missing.end() }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}

/// `logs tail --url`: prints the last events, then follows server-sent events.
private struct RemoteTail {
    let node: RemoteNode
    let parameters: [(name: String, value: String)]
    let follow: Bool
    let count: Int
    let onCursor: @Sendable (LogPosition) -> Void

    private static let page = 1000

    func run(from place: LogPosition?, _ printer: LinePrinter) async throws {
        var start = place
        if start == nil { start = try await beginning(printer) }
        guard let position = start else { return }
        if follow {
            let onCursor = self.onCursor
            try await Search.request { () async throws(RemoteNode.Fault) in
                try await node.follow(parameters, from: position) { item in
                    switch item {
                    case .line(let line, let end):
                        if !printer.show(line) { Standard.error("received an invalid line") }
                        onCursor(end)
                    case .skipped(let lines):
                        Standard.error("\(lines) lines were removed before they were read")
                    case .anew: Standard.error("the log was recreated")
                    case .lost(let words): Standard.error("\(words); trying again")
                    }
                }
            }
        } else if place != nil {
            try await rest(after: position, printer)
        }
    }

    /// Prints the last lines; returns the position after them.
    private func beginning(_ printer: LinePrinter) async throws -> LogPosition? {
        // The endpoint returns at least one line.
        var left = max(1, count)
        var position: LogPosition?
        var missing = MissingLines()
        while left > 0, !Task.isCancelled {
            let (after, limit) = (position, left)
            let page = try await Search.request { () async throws(RemoteNode.Fault) in
                try await node.events(parameters, limit: limit, after: after)
            }
            let foreign = printer.show(page.lines.suffix(count))
            missing.report(damaged: foreign, skipped: foreign)
            page.reportSkipped()
            position = page.next
            if let next = page.next { onCursor(next) }
            left -= page.lines.count
            // A page is limited in bytes, so that there may be another one.
            if page.isCaughtUp || page.next == nil { break }
        }
        return position
    }

    private func rest(after place: LogPosition, _ printer: LinePrinter) async throws {
        var position: LogPosition? = place
        var missing = MissingLines()
        while let after = position, !Task.isCancelled {
            let next = try await Search.request { () async throws(RemoteNode.Fault) in
                try await node.events(parameters, limit: Self.page, after: after)
            }
            let foreign = printer.show(next.lines)
            missing.report(damaged: foreign, skipped: foreign)
            next.reportSkipped()
            position = next.next
            if let position, position != after { onCursor(position) }
            if next.isCaughtUp { return try missing.end() }
        }
    }
}

extension RemoteNode.EventPage {
    /// Prints on standard error how many lines are missing from the page.
    func reportSkipped() {
        if skipped > 0 { Standard.error("\(skipped) lines can no longer be read") }
    }
}
