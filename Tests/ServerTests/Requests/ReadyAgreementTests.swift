import HTTPTypes
import HummingbirdCore
import NIOCore
import TestSupport
import Testing

@testable import Server

/// For any bytes, a server with immediate responses sends the same responses in the same order as
/// one that handles every request normally.
@Suite("Immediate responses equal the others")
struct ReadyAgreementTests {
    private static let pieces: [String] = [
        "\r\n", "\r", "\n", " ", "\t", ":", ",", "\u{0}", "0", "1", "7", "/", "?", "%41", "GET ",
        "POST ", "HTTP/1.1", "HTTP/1.0", "Host: b\r\n", "Content-Length: 7\r\n",
        "Content-Length: 8\r\n", "content-length:0\r\n", "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\n", "Connection: close\r\n", "Connection: keep-alive\r\n",
        "Expect: 100-continue\r\n", "X: y\r\n", " folded\r\n", "\r\n\r\n", "0\r\n\r\n",
        "Authorization: Bearer z\r\n", "Content-Type: text/plain\r\n", "\u{e9}", "Upgrade: x\r\n",
        "Content-Encoding: gzip\r\n",
    ]

    private static func seeds(_ token: String) -> [String] {
        [
            "POST /echo HTTP/1.1\r\nHost: a:8443\r\nContent-Type: application/json\r\n"
                + "Authorization: Bearer \(token)\r\nContent-Length: 2\r\n\r\n{}",
            "POST /echo/b HTTP/1.1\r\nhost:a\r\nauthorization:bearer \(token)\r\n"
                + "content-length:7\r\n\r\n{\"a\":1}",
            "POST //echo/ HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\nAccept-Encoding: gzip\r\n\r\n",
        ]
    }

    private static func server(isReady: Bool) async throws -> RunningServer {
        let ready: @Sendable (ReadyQuestion) -> ReadyAnswer? = { question in
            // Some bodies are left to the handler.
            guard question.body.readableBytes % 3 != 2 else { return nil }
            return ReadyAnswer(body: question.body, headers: [.contentType: "application/json"])
        }
        let routes = ["/echo", "/echo/{name}"].map { path in
            Route(
                .post, path, access: .requires(.analysis), bodyLimit: 64,
                ready: isReady ? ready : nil
            ) { exchange in
                let body = try await exchange.collectBody()
                return .bytes(body)
            }
        }
        return try await RunningServer(routes: routes + [.health("/livez", checks: [])])
    }

    @Test("over many mutations of pipelined requests, split at random")
    func agreement() async throws {
        let servers = [try await Self.server(isReady: true), try await Self.server(isReady: false)]
        var tokens: [String] = []
        for server in servers { tokens.append(try await server.token(.analysis)) }
        var random = SeededRandom(seed: 0x5EED)
        var good = 0
        for round in 0..<250 {
            let placeholder = String(repeating: "T", count: tokens[0].utf8.count)
            let seeds = Self.seeds(placeholder)
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes += Array((seeds.randomElement(using: &random) ?? "").utf8)
            }
            for _ in 0..<Int.random(in: 0...2, using: &random) { mutate(&bytes, &random) }
            let cut = Int.random(in: 0...bytes.count, using: &random)
            var answers: [String] = []
            for (server, token) in zip(servers, tokens) {
                let own = Self.replace(placeholder, by: token, in: bytes)
                let client = try await RawClient.connect(server)
                let isWhole = round.isMultiple(of: 2)
                if !isWhole { try? await client.send(Array(own[..<cut])) }
                try? await client.send(Array(own[(isWhole ? 0 : cut)...]))
                try? await client.finish()
                try await client.closed()
                answers.append(Self.comparable(client.text))
            }
            good += answers[0].components(of: "HTTP/1.1 200 OK")
            if answers[0] != answers[1] {
                Issue.record(
                    "\(String(decoding: bytes, as: UTF8.self).debugDescription): \(answers)")
                return
            }
        }
        #expect(good > 200, "too few requests were served for the comparison to mean anything")
    }

    private static func replace(
        _ word: String, by other: String, in bytes: [UInt8]
    ) -> [UInt8] {
        var (bytes, from) = (bytes, 0)
        while let range = bytes[from...].firstRange(of: Array(word.utf8)) {
            bytes.replaceSubrange(range, with: Array(other.utf8))
            from = range.lowerBound + other.utf8.count
        }
        return bytes
    }

    /// Removes values that change over time.
    private static func comparable(_ text: String) -> String {
        text.split(separator: "\r\n", omittingEmptySubsequences: false)
            .map { line in
                if line.hasPrefix("Date: ") { return "Date" }
                // The health response contains the time.
                return line.contains(#""status":"pass""#) ? "pass" : String(line)
            }
            .joined(separator: "\n")
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1 where place < bytes.count: bytes.remove(at: place)
        case 2 where place < bytes.count:
            bytes.removeSubrange(place..<min(bytes.count, place + 9))
        case 3:
            // Insert a whole line among the lines, where it does the most harm.
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
