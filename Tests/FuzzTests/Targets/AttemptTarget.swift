import Analysis
import Events

/// Restores attempts from lines that ingest accepts. The checkpoint of them is read back unchanged,
/// and every series can be measured next.
enum AttemptTarget {
    static func run(_ bytes: [UInt8]) throws {
        var grammar = LineGrammar(InputBytes(bytes))
        let timing = AttemptTiming(interval: .seconds(Int(grammar.byte()) + 1))
        var ledger = AttemptLedger(timing: timing, capacity: 8)
        var now = Timestamp(milliseconds: 1_795_413_600_000)
        var lines = 0
        while !grammar.isAtEnd, lines < 128 {
            guard let line = grammar.line(), let event = try? Event(line: line) else { continue }
            lines += 1
            now = event.ts
            ledger.restore(from: event)
        }
        try require(ledger.count <= 8, "\(ledger.count) series, 8 are allowed")
        var copy = AttemptLedger(timing: timing, capacity: 8)
        let changes = ledger.takeChanges()
        for change in changes {
            guard let checkpoint = change.checkpoint else { continue }
            do { try copy.restore(series: change.series, checkpoint: checkpoint) } catch {
                throw Finding("what was written down can't be read: \(error): \(checkpoint)")
            }
            try require(
                copy.change(of: change.series) == change, "\(change) is read as another")
        }
        for change in changes where change.checkpoint != nil {
            for moment in [now, now + .seconds(86_400), Timestamp(milliseconds: 0)] {
                _ = ledger.frozen(change.series, at: moment)
                _ = ledger.repeated(change.series, stated: 1, at: moment)
                if case .new(let ticket) = ledger.begin(change.series, at: moment) {
                    try require(ticket.number.n > 0, "attempt \(ticket.number)")
                    _ = ledger.unmeasured(ticket, at: moment)
                    ledger.abandon(ticket)
                }
            }
        }
    }
}
