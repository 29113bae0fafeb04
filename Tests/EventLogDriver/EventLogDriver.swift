import Events
import Foundation
import EventLog

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writes to an event log until it is killed or done, and prints what was acknowledged: `ack WRITER
/// LAST`, one line per body.
///
/// usage: EventLogDriver DIRECTORY MAX_BYTES SEGMENT_BYTES BODIES FIRST...
///
/// Starts one writer for each FIRST, the number of its first line. Each writer sends BODIES bodies
/// (0: without end). Exits with 3 if the log cannot be opened.
///
/// usage: EventLogDriver fill DIRECTORY FILE
///
/// Appends the lines of FILE to a log with the usual segments, no faster than they are sealed at
/// the densest level, and exits as if killed.
///
/// usage: EventLogDriver append DIRECTORY FILE LINES
///
/// Appends the lines of FILE, LINES at a time, and prints the seconds that this took.
@main
struct EventLogDriver {
    static func main() async {
        if CommandLine.arguments.count == 4, CommandLine.arguments[1] == "fill" {
            return await LogFill.run(CommandLine.arguments[2], from: CommandLine.arguments[3])
        }
        if CommandLine.arguments.count == 5, CommandLine.arguments[1] == "append",
            let lines = Int(CommandLine.arguments[4])
        {
            return await AppendAlone.run(
                CommandLine.arguments[2], from: CommandLine.arguments[3], linesPerBody: lines)
        }
        let words = CommandLine.arguments.dropFirst()
        let numbers = words.dropFirst().compactMap { Int($0) }
        guard let directory = words.first, numbers.count >= 4 else { exit(2) }
        let eventLog: EventLog
        do throws(EventLogError) {
            eventLog = try await EventLog.open(
                EventLogConfiguration(
                    directory: directory, node: "driver", maxBytes: numbers[0], minFree: 0,
                    segmentBytes: numbers[1], ballastBytes: 64 << 10))
        } catch {
            say("refused \(error)")
            exit(3)
        }
        say("open")
        await withTaskGroup(of: Void.self) { group in
            for (writer, first) in numbers[3...].enumerated() {
                group.addTask {
                    await send(to: eventLog, writer: writer, first: first, bodies: numbers[2])
                }
            }
        }
        await eventLog.close()
        say("done")
    }

    private static func send(to eventLog: EventLog, writer: Int, first: Int, bodies: Int) async {
        var next = first
        var sent = 0
        while bodies == 0 || sent < bodies {
            let last = next + Int.random(in: 0..<24)
            let body = (next...last).map { Self.line(writer: writer, seq: $0) + "\n" }.joined()
            do throws(EventLogError) {
                let receipt = try await eventLog.ingest(Array(body.utf8))
                guard receipt.accepted + receipt.duplicates == last - next + 1 else {
                    say("odd \(receipt)")
                    exit(4)
                }
                say("ack \(writer) \(last)")
                next = last + 1
                sent += 1
            } catch {
                say("retry \(error)")
                // As a sender would: retry the same lines a little later.
                try? await Task.sleep(for: .milliseconds(2))
                await eventLog.maintain()
            }
        }
    }

    /// The same line for the same number; barely compressible.
    private static func line(writer: Int, seq: Int) -> String {
        var state = UInt64(writer) &* 1_000_003 &+ UInt64(seq)
        var noise = ""
        for _ in 0..<12 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            noise += String(state, radix: 36)
        }
        return
            #"{"ts":"2026-11-23T06:00:00Z","event":"analysis.unhealthy","node":"w\#(writer)","#
            + #""epoch":"e","seq":\#(seq),"noise":"\#(noise)"}"#
    }

    /// One write per line, so that output before a kill is complete.
    private static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(1, bytes, bytes.count)
    }
}
