import Events

@testable import Gateway
@testable import EventLog

/// The forwarder's batch and its handling of the response.
///
/// The lines of a batch are the same for the log that receives them. The cursor advances only after
/// a response that accounts for each of them.
///
/// The input: the number of lines, the status, lines by `LineGrammar`; the rest is the response.
enum ReceiptTarget {
    private static let statuses = [200, 400, 413, 429, 500, 503, 301, 0]

    static func run(_ bytes: [UInt8]) throws {
        var grammar = LineGrammar(InputBytes(bytes))
        let count = Int(grammar.byte() % 5)
        let status = statuses[Int(grammar.byte()) % statuses.count]
        let lines = (0..<count).compactMap { _ in grammar.line() }
        var batch = ForwardBatch()
        for line in lines { batch.append(line) }
        let body = batch.body
        try require(batch.lines == lines.count, "\(batch.lines) of \(lines.count) lines")
        let taken = IngestBody(body)
        try require(taken.rejected.isEmpty, "the same line is refused: \(taken.rejected)")
        try require(
            taken.lines.count == lines.count, "\(taken.lines.count) of \(lines.count) lines")
        for (line, found) in zip(lines, taken.lines) {
            try require(Array(body[found.range]) == line, "another line arrives")
        }
        let answer = ForwardBatch.Answer(
            status: status, body: Array(grammar.input.rest), lines: lines.count)
        switch answer {
        case .acknowledged(let rejected, _):
            try require([200, 400].contains(status), "\(status) moves the cursor")
            try require(
                (0...lines.count).contains(rejected), "\(rejected) of \(lines.count) rejected")
            try require(
                !lines.isEmpty || rejected == 0, "\(rejected) rejected of a batch of none")
        case .tooLarge: try require(status == 413, "\(status) is too large")
        case .nameTaken: try require(status == 409, "\(status) is a name that is taken")
        case .again: break
        }
    }
}
