import Analysis
import App
import ArgumentParser
import Core
import EventLog
import Events
import Foundation
import JSON
import Settings

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Judge recorded inputs again; exit 1 when anything differs.",
        discussion: """
            FILE contains events as the log stores them, one JSON object a line (as `bellwether logs \
            query --json` prints them); - is standard input: zcat *.jsonl.gz | bellwether replay -. \
            Each verdict \
            is judged again by the checks of --config, and those that would change are listed. \
            Exit 65 if lines of FILE are no events. With --url, the events of that running node are \
            judged by the checks of --config. \
            A vectors file contains checks, primitives, merge cases and identities with their \
            expected results.
            """)

    @OptionGroup var config: ConfigOption
    @Argument(help: "Recorded events; by default the event log of the configuration.")
    var file: String?
    @Option(help: "Judge the events of the running node at this address, https://host:port.")
    var url: String?
    @Option(help: "A file with a token of that node, scope read.") var tokenFile: String?
    @Option(help: "A PEM file of certificates to trust, for --url.") var caFile: String?
    @Option(help: "A file of test vectors instead of events.") var vectors: String?
    @Flag(help: "Print one JSON object a line.") var json = false

    func validate() throws {
        if [file, vectors, url].count(where: { $0 != nil }) > 1 {
            throw ValidationError("give a file of events, --vectors or --url, not two of them")
        }
        if url == nil, tokenFile != nil || caFile != nil {
            throw ValidationError("--token-file and --ca-file belong to --url, which is missing")
        }
    }

    func run() async throws {
        if let vectors { return try replay(vectors: vectors) }
        let configuration = try config.file()
        var replay = HistoryReplay(
            policies: PolicyTable(try Search.settings(configuration).analysis))
        var strange = StrangeLines()
        var missing = MissingLines()
        if let file {
            try judge(file: file, &replay, &strange)
        } else if let url {
            let found = try Search.run(.init(url: url, tokenFile: tokenFile, caFile: caFile))
            guard case .node(let remote) = found.place else { throw ExitCode(69) }
            let node = try Search.client(remote)
            var position: LogPosition? = .start
            while let after = position {
                let page = try await Search.request { () async throws(RemoteNode.Fault) in
                    try await node.events(
                        [("where", Self.verdicts.description)], limit: 1000, after: after)
                }
                for line in page.lines { judge(line, &replay, &strange) }
                page.reportSkipped()
                if page.isCaughtUp { break }
                position = page.next
            }
        } else {
            var reader = try LocalNode(configuration: configuration).log.reader(
                query: EventLogQuery(where: Self.verdicts))
            while true {
                let batch = try await reader.next(maxLines: 1000)
                for line in batch.lines { judge(line.bytes, &replay, &strange) }
                missing.report(damaged: batch.damaged, skipped: batch.skipped)
                if batch.isCaughtUp { break }
            }
        }
        let skipped = replay.skipped > 0 ? ", \(replay.skipped) have no inputs" : ""
        Standard.error("\(replay.judged) judged again, \(replay.changed) would change\(skipped)")
        if let words = strange.words {
            Standard.error("\(file ?? url ?? "the log"): \(words)")
            throw ExitCode(65)
        }
        if replay.changed > 0 { throw ExitCode(1) }
        try missing.end()
    }

    /// Selects the lines that may be verdicts.
    private static var verdicts: Filter { .contains("event", "analysis.") }

    /// Lines that are no events.
    private struct StrangeLines {
        var line = 0
        var count = 0
        var first: (line: Int, fault: EventFault)?

        var words: String? {
            first.map { first in
                "\(count) of \(line) lines are no events; the first is line \(first.line): \(first.fault)"
            }
        }
    }

    private func judge(
        file: String, _ replay: inout HistoryReplay, _ strange: inout StrangeLines
    ) throws {
        let isInput = file == "-"
        guard let handle = isInput ? .standardInput : FileHandle(forReadingAtPath: file) else {
            Standard.error("\(file): cannot be read")
            throw ExitCode(66)
        }
        var rest: [UInt8] = []
        var isStart = true
        while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty {
            rest += chunk
            if isStart {
                if rest.starts(with: [0x1F, 0x8B]) {
                    Standard.error("\(file): is compressed: zcat \(file) | bellwether replay -")
                    throw ExitCode(65)
                }
                if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest.removeFirst(3) }
                isStart = false
            }
            var start = rest.startIndex
            while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                judge(Array(rest[start..<end]), &replay, &strange)
                start = end + 1
            }
            rest.removeSubrange(..<start)
        }
        if !rest.isEmpty { judge(rest, &replay, &strange) }
    }

    private func replay(vectors: String) throws {
        guard let data = FileManager.default.contents(atPath: vectors) else {
            Standard.error("\(vectors): cannot be read")
            throw ExitCode(66)
        }
        let report: ReplayReport
        do { report = try VectorReplay.run(Array(data)) } catch {
            Standard.error("\(vectors): is not a vectors file: \(error)")
            throw ExitCode(65)
        }
        for mismatch in report.mismatches { print(InertText.terminal("\(mismatch)")) }
        print("\(report.compared) compared, \(report.mismatches.count) differ")
        if !report.mismatches.isEmpty { throw ExitCode(1) }
    }

    private func judge(
        _ line: [UInt8], _ replay: inout HistoryReplay, _ strange: inout StrangeLines
    ) {
        strange.line += 1
        do throws(EventFault) {
            if let change = replay.replay(try Event(line: line)) { show(change) }
        } catch {
            // The open segment also has blank lines and the ends of its groups.
            guard line.contains(where: { $0 != 0x20 && $0 != 0x0D }),
                !line.starts(with: #"{"event":"log.commit","#.utf8)
            else { return }
            strange.count += 1
            if strange.first == nil { strange.first = (strange.line, error) }
        }
    }

    private func show(_ change: HistoryReplay.Change) {
        if json {
            var writer = JSONWriter()
            writer.object { w in
                w.member("id", change.measurement)
                w.member("ts", change.ts.rfc3339)
                w.member("namespace", change.namespace)
                w.member("rollout", change.rollout)
                w.member("concern", change.concern)
                w.member("attempt", change.attempt)
                w.member("recorded", change.recorded.rawValue)
                w.member("now", change.now.rawValue)
                w.member(array: "reasons") { w in
                    for reason in change.reasons { reason.write(to: &w) }
                }
            }
            Standard.write(writer.bytes + [UInt8(ascii: "\n")])
        } else {
            let why = change.reasons.prefix(3).map { "\($0.check) \($0.why)" }
            print(
                InertText.terminal(
                    "\(change.ts.rfc3339) \(change.namespace)/\(change.rollout) \(change.concern) "
                        + "#\(change.attempt): \(change.recorded) → \(change.now)"
                        + (why.isEmpty ? "" : " (\(why.joined(separator: ", ")))")
                        + "  \(change.measurement)"))
        }
    }
}
