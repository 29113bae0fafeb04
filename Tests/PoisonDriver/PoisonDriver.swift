import App
import Foundation
import EventLog
import Settings

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// `bellwether serve` whose readers crash at marked lines.
///
/// usage: PoisonDriver serve --config FILE
///
/// A line that contains `poison-READER` traps just before that reader folds it. At a line with
/// `killer-READER` the process is killed, as for a line that uses all memory. READER is a
/// `LineReader`, or `compose`, `render` or `apply` for the digest of a group with that text in its
/// key; `apply` stores its decision again. The events that report such a line are unaffected.
@main
struct PoisonDriver {
    static func main() async {
        guard CommandLine.arguments.count == 4, CommandLine.arguments[1] == "serve" else { exit(2) }
        let path = CommandLine.arguments[3]
        do {
            let settings = try Settings.load(
                path: path, environment: ProcessInfo.processInfo.environment)
            try await ServiceRun(
                settings: settings,
                examine: { reader, line in examine(line, for: reader) },
                show: { print($0) }
            ).run()
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(70)
        }
    }

    private static func examine(_ line: UnsafeRawBufferPointer, for reader: LineReader) {
        let text = String(decoding: line, as: UTF8.self)
        guard !text.contains("log.quarantined") else { return }
        // Digests about such a rollout are sealed, too.
        guard reader != .sealing || text.contains(#""event":"analysis."#) else { return }
        // Of a decision's lines the first.
        let isFirst = text.contains(#""event":"digest.composed""#) || text.hasPrefix("apply ")
        guard reader != .decisions || isFirst else { return }
        for step in ["compose", "render", "apply"] where text.hasPrefix(step + " ") {
            if text.contains("poison-" + step) { fatalError("a poison digest") }
            return
        }
        if text.contains("killer-" + reader.rawValue) { _ = kill(getpid(), SIGKILL) }
        if text.contains("poison-" + reader.rawValue) { fatalError("a poison line") }
    }
}
