import TestSupport
import Testing

/// Whatever the express lane takes for a request must be the same request to
/// the full parser: a difference would let one caller's bytes be read as two.
@Suite("The express lane agrees with the HTTP parser")
struct ExpressAgreementTests {
    private static let pieces: [String] = [
        "\r\n", "\r", "\n", " ", "\t", ":", ",", "\u{0}", "0", "1", "7", "/", "?", "%41", "GET ",
        "POST ", "HTTP/1.1", "HTTP/1.0", "Host: b\r\n", "Content-Length: 7\r\n",
        "Content-Length: 8\r\n", "content-length:0\r\n", "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\n", "Connection: close\r\n", "Connection: keep-alive\r\n",
        "Expect: 100-continue\r\n", "X: y\r\n", " folded\r\n", "\r\n\r\n", "0\r\n\r\n",
        "Authorization: Bearer z\r\n", "Content-Type: text/plain\r\n", "\u{e9}",
    ]

    private static let seeds: [String] = [
        "POST /rollouts/analysis HTTP/1.1\r\nHost: a:8443\r\nContent-Type: application/json\r\n"
            + "Authorization: Bearer x\r\nContent-Length: 2\r\n\r\n{}",
        "POST /a/b HTTP/1.1\r\nhost:a\r\ncontent-length:7\r\n\r\n{\"a\":1}",
        "GET /livez HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\nAccept-Encoding: gzip\r\n\r\n",
    ]

    @Test("over many mutations of requests")
    func agreement() throws {
        var random = SeededRandom(seed: 0x5EED)
        var taken = 0
        for round in 0..<60_000 {
            var bytes = Array(Self.seeds[round % Self.seeds.count].utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) { mutate(&bytes, &random) }
            do {
                if try ExpressTarget.take(bytes) { taken += 1 }
            } catch {
                let text = String(decoding: bytes, as: UTF8.self).debugDescription
                Issue.record("\(text): \(error)")
                return
            }
        }
        #expect(taken > 10_000, "too few requests were taken for the comparison to mean anything")
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1 where place < bytes.count: bytes.remove(at: place)
        case 2 where place < bytes.count:
            bytes.removeSubrange(place..<min(bytes.count, place + 9))
        case 3:
            // A whole line among the lines, where it does the most harm.
            let lines = bytes.indices.filter { $0 > 1 && bytes[$0 - 1] == 0x0A }
            let piece = Self.pieces.randomElement(using: &random) ?? ""
            bytes.insert(
                contentsOf: Array(piece.utf8), at: lines.randomElement(using: &random) ?? place)
        default:
            let piece = Self.pieces.randomElement(using: &random) ?? ""
            bytes.insert(contentsOf: Array(piece.utf8), at: place)
        }
    }
}
