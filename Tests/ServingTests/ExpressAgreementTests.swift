import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestSupport
import Testing

@testable import Serving

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
        ExpressRequestTests.plain,
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
            let read = bytes.withUnsafeBytes { bytes in
                ExpressRequest(bytes).map { Reading($0, bytes) }
            }
            guard let read else { continue }
            taken += 1
            let parsed = try parse(bytes)
            if parsed != read {
                Issue.record(
                    "\(String(decoding: bytes, as: UTF8.self).debugDescription): \(read), parser \(String(describing: parsed))"
                )
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

    private struct Reading: Equatable {
        var method: String
        var path: String
        var host: [String]
        var authorization: [String]
        var body: [UInt8]

        init(method: String, path: String, host: [String], authorization: [String]) {
            self.method = method
            self.path = path
            self.host = host
            self.authorization = authorization
            body = []
        }

        init(_ request: ExpressRequest, _ bytes: UnsafeRawBufferPointer) {
            func text(_ range: Range<Int>) -> String {
                String(decoding: bytes[range], as: UTF8.self)
            }
            method = text(request.method)
            path = text(request.path)
            host = [text(request.host)]
            authorization = request.authorization.map { [text($0)] } ?? []
            body = Array(bytes[request.body...])
        }
    }

    /// The one request that the parser sees in `bytes`; nil when it sees none,
    /// more, or an error.
    private func parse(_ bytes: [UInt8]) throws -> Reading? {
        let channel = EmbeddedChannel(
            handler: ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        guard (try? channel.writeInbound(ByteBuffer(bytes: bytes))) != nil else { return nil }
        var reading: Reading?
        var hasEnded = false
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            if hasEnded { return nil }
            switch part {
            case .head(let head):
                reading = Reading(
                    method: head.method.rawValue, path: head.uri, host: head.headers["host"],
                    authorization: head.headers["authorization"])
                guard head.isKeepAlive, head.version == .http1_1 else { return nil }
            case .body(let buffer): reading?.body += Array(buffer.readableBytesView)
            case .end: hasEnded = true
            }
        }
        return hasEnded ? reading : nil
    }
}
