import Events

@testable import Console

/// Shows lines that ingest accepts on the status page: every rollout is drawn, and no line acts as
/// markup.
enum BoardTarget {
    static func run(_ bytes: [UInt8]) throws {
        var grammar = LineGrammar(InputBytes(bytes))
        var board = RolloutBoard()
        var offset: UInt64 = 0
        var events: [Event] = []
        while !grammar.isAtEnd, events.count < 128 {
            guard let line = grammar.line() else { continue }
            guard let event = try? Event(line: line) else {
                throw Finding("the door let in \(String(decoding: line, as: UTF8.self))")
            }
            board.observe(event, from: LogPosition(segment: 1, offset: offset))
            offset += UInt64(line.count + 1)
            events.append(event)
        }
        for now in [events.first?.ts, events.last?.ts].compactMap({ $0 }) {
            _ = (board.inFlight(since: now), board.quiet(since: now))
            for (i, rollout) in board.rollouts.values.enumerated() {
                let html = RolloutGrid(rollout: rollout, now: now, id: "r\(i)").html
                try check(String(decoding: html.bytes, as: UTF8.self))
            }
            for node in board.nodes.values { _ = board.skew(of: node, since: now) }
        }
        for event in events { _ = board.attempt(event: event.id) }
    }

    private static func check(_ html: String) throws {
        for piece in ["<script", "<img", "<!channel", "onerror=y>"] {
            try require(!html.contains(piece), "markup of a line: \(piece)")
        }
        try require(html.utf8.count < 4 << 20, "\(html.utf8.count) bytes for one rollout")
        // Numbers that no browser can draw.
        var rest = html[...]
        while let points = rest.range(of: "points=\"") {
            rest = rest[points.upperBound...]
            let text = rest.prefix { $0 != "\"" }
            try require(
                text.allSatisfy { "0123456789.,- ".contains($0) }, "a chart of '\(text.prefix(80))'"
            )
        }
    }
}

extension Substring {
    fileprivate func range(of piece: String) -> Range<Index>? { ranges(of: piece).first }
}
