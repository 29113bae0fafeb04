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
            A vectors file contains checks, primitives, merge cases and identities with their \
            expected results.
            """)

    @OptionGroup var config: ConfigOption
    @Argument(help: "Recorded events; by default the event log of the configuration.")
    var file: String?
    @Option(help: "A file of test vectors instead of events.") var vectors: String?
    @Flag(help: "Print one JSON object a line.") var json = false

    func validate() throws {
        if file != nil, vectors != nil {
            throw ValidationError("give a file of events or --vectors, not both")
        }
    }

    func run() async throws {
        if let vectors { return try replay(vectors: vectors) }
        let configuration = try config.file()
        var replay = HistoryReplay(
            policies: PolicyTable(try Search.settings(configuration).analysis))
        if let file {
            try judge(file: file, &replay)
        } else {
            var reader = try LocalNode(configuration: configuration).log.reader(
                query: EventLogQuery(where: .contains("event", "analysis.")))
            while true {
                let batch = try await reader.next(maxLines: 1000)
                for line in batch.lines { judge(line.bytes, &replay) }
                if batch.isCaughtUp { break }
            }
        }
        let skipped = replay.skipped > 0 ? ", \(replay.skipped) have no inputs" : ""
        Standard.error("\(replay.judged) judged again, \(replay.changed) would change\(skipped)")
        if replay.changed > 0 { throw ExitCode(1) }
    }

    private func judge(file: String, _ replay: inout HistoryReplay) throws {
        let isInput = file == "-"
        guard let handle = isInput ? .standardInput : FileHandle(forReadingAtPath: file) else {
            Standard.error("\(file): cannot be read")
            throw ExitCode(66)
        }
        var rest: [UInt8] = []
        while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty {
            rest += chunk
            var start = rest.startIndex
            while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                judge(Array(rest[start..<end]), &replay)
                start = end + 1
            }
            rest.removeSubrange(..<start)
        }
        if !rest.isEmpty { judge(rest, &replay) }
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

    private func judge(_ line: [UInt8], _ replay: inout HistoryReplay) {
        guard let event = try? Event(line: line), let change = replay.replay(event) else { return }
        show(change)
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
