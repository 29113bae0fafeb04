import Digests
import Events
import Foundation
import JSON
import Rendering

/// Folds lines that ingest accepts into the digest machine.
///
/// The machine neither stops nor forgets. Restored from a checkpoint and fed the log from there, it
/// composes the same digests. Rendered digests are valid, within their limits, and inert.
///
/// The input: a byte of settings, then steps, each an operation; most are followed by a line.
enum DigestTarget {
    private struct Observed {
        /// nil: lines before this position were removed unread.
        let line: [UInt8]?
        let end: LogPosition
        let now: Timestamp
    }

    private static let start = Timestamp(milliseconds: 1_795_413_600_000)
    private static let renderer = Renderer()
    /// The seconds that a clock advances in one step; the last values are jumps.
    private static let steps = [0, 1, 30, 120, 600, 3600, 86_400, -3600, 31_536_000]

    static func run(_ bytes: [UInt8]) throws {
        var grammar = LineGrammar(InputBytes(bytes))
        let shape = grammar.byte()
        let settings = DigestSettings(maxGroups: shape & 1 == 0 ? 50 : 1)
        var machine = DigestMachine(settings: settings)
        var saved: [String: String] = [:]
        var position = LogPosition.start
        var log: [Observed] = []
        var now = start
        var end = LogPosition(segment: 1, offset: 0)
        var operations = 0
        while !grammar.isAtEnd, operations < 64 {
            operations += 1
            switch grammar.byte() % 8 {
            case 0..<5:
                guard let line = grammar.line() else { continue }
                end.offset += UInt64(line.count + 1)
                log.append(Observed(line: line, end: end, now: now))
                feed([log[log.count - 1]], to: &machine)
            case 5:
                now = now + .seconds(steps[Int(grammar.byte()) % steps.count])
            case 6:
                try render(machine.due(now: now, caughtUp: grammar.byte() & 1 == 0))
                save(&machine, &saved, &position)
            default:
                end.offset += UInt64(grammar.byte()) + 1
                log.append(Observed(line: nil, end: end, now: now))
                feed([log[log.count - 1]], to: &machine)
                save(&machine, &saved, &position)
            }
        }
        try compare(machine, saved, from: position, log, settings, at: now)
    }

    private static func feed(_ lines: some Sequence<Observed>, to machine: inout DigestMachine) {
        for observed in lines {
            guard let stored = observed.line else {
                machine.passOver(to: observed.end)
                continue
            }
            stored.withUnsafeBytes { bytes in
                var line = EventView()
                if line.read(bytes) { machine.observe(line, at: observed.end, now: observed.now) }
            }
        }
    }

    private static func save(
        _ machine: inout DigestMachine, _ saved: inout [String: String],
        _ position: inout LogPosition
    ) {
        let checkpoint = machine.checkpoint()
        checkpoint.forEachChanged { saved[$0] = $1 }
        for key in checkpoint.removed { saved[key] = nil }
        position = checkpoint.position
    }

    /// Checks that the continued and the restored machine return the same.
    private static func compare(
        _ machine: DigestMachine, _ saved: [String: String], from position: LogPosition,
        _ log: [Observed], _ settings: DigestSettings, at now: Timestamp
    ) throws {
        var restored = DigestMachine(settings: settings, position: position, states: saved)
        try require(restored.unreadable == 0, "\(restored.unreadable) states can't be read again")
        feed(log.filter { $0.end > position }, to: &restored)
        var machine = machine
        let later = now + .seconds(7200)
        let first = machine.due(now: later, caughtUp: true)
        let second = restored.due(now: later, caughtUp: true)
        try require(
            first.map(\.id) == second.map(\.id),
            "\(first.map(\.kind)), restored \(second.map(\.kind)): \(first.map(\.id)) \(second.map(\.id))"
        )
        try render(first)
        _ = (machine.nextDeadline, machine.openGroups, machine.heldBack, machine.takeSuppressions())
    }

    // MARK: - Rendering

    private static func render(_ digests: [Digest]) throws {
        for digest in digests.prefix(4) {
            let rendered = renderer.render(digest)
            try require(rendered == renderer.render(digest), "rendered otherwise a second time")
            try check(rendered)
        }
    }

    private static func check(_ rendered: RenderedDigest) throws {
        let faults = SlackChecker(rendered.slack).faults
        try require(faults.isEmpty, "Slack: \(faults)")
        do { try HTMLTags.check(rendered.html) } catch { throw Finding("HTML: \(error)") }
        try require(
            rendered.html.hasSuffix("</html>\n") && rendered.html.utf8.count < 100_000,
            "HTML of \(rendered.html.utf8.count) bytes")
        for scalar in (rendered.text + rendered.subject).unicodeScalars where scalar != "\n" {
            try require(!scalar.isHidden, "U+\(String(scalar.value, radix: 16)) is in the text")
        }
        try require(!rendered.subject.contains("\n"), "a subject of two lines")
        try require(
            rendered.subject.utf8.count <= 600 && rendered.text.utf8.count < 60_000,
            "a text of \(rendered.text.utf8.count) bytes")
        let model = try? JSONValue(
            parsing: Array(rendered.model.utf8), limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 64)
        )
        try require(model != nil, "the model is no JSON: \(rendered.model.prefix(200))")
    }
}
