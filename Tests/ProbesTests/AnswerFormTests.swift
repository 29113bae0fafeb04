import Events
import Secrets
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Probes

/// The kinds of probes that read an HTTP response.
enum AnswerKind: CaseIterable {
    case page, query, fields, queue

    /// A valid response.
    var document: [UInt8] {
        switch self {
        case .page: Array("http_requests_total{role=\"canary\",code=\"200\"} 1795\n".utf8)
        case .query:
            Array(#"{"status":"success","data":{"resultType":"scalar","result":[1,"7"]}}"#.utf8)
        case .fields, .queue: Array(#"{"n":7}"#.utf8)
        }
    }

    /// Nil if the response was read.
    func absence(_ source: HTTPSource, engine: TransferEngine) async -> MissingData? {
        let policy = UpstreamPolicy(attempts: 1)
        let probe: any Probe =
            switch self {
            case .page:
                PrometheusProbe(name: "p", source: source, engine: engine, policy: policy)
            case .query:
                PrometheusQueryProbe(
                    name: "p", server: source, queries: [.number("a.n", "x")], engine: engine,
                    policy: policy)
            case .fields:
                HTTPProbe(
                    name: "p", source: source, fields: .pointers([.init("a.n", "/n")]),
                    engine: engine, policy: policy)
            case .queue:
                QueueProbe(
                    name: "p", queue: .http(source, pointer: "/n"), engine: engine, policy: policy)
            }
        let signals = await probe.measure(context(allowance: .seconds(20)))
        let signal = self == .page ? signals["canary.5xx_rate"] : signals.last
        guard case .absent(let why, let detail)? = signal?.value else {
            return signal?.number == 7 ? nil : MissingData(.fault, "\(String(describing: signal))")
        }
        let reason = MissingDataReason(rawValue: why) ?? .fault
        // The first page has no predecessor.
        return self == .page && reason == .noSampleYet ? nil : MissingData(reason, detail)
    }
}

@Suite("Responses in the forms that real servers send")
struct AnswerFormTests {
    let engine = TransferEngine(telemetry: .silent)

    private func absence(
        _ kind: AnswerKind, _ body: [UInt8], headers: String = "", maxBody: Int = 1 << 20
    ) async throws -> MissingData? {
        let server = try ScriptedServer {
            $0.send("HTTP/1.1 200 OK\r\n\(headers)Content-Length: \(body.count)\r\n\r\n")
            $0.send(body)
        }
        let absence = await kind.absence(
            HTTPSource(url: server.url, maxBody: maxBody), engine: engine)
        #expect(server.requests[0].contains("\r\nAccept-Encoding: gzip, deflate\r\n"))
        return absence
    }

    @Test("responses compressed with gzip or deflate are read", arguments: AnswerKind.allCases)
    func compressed(_ kind: AnswerKind) async throws {
        let document = kind.document
        let cases: [(String, [UInt8])] = [
            ("gzip", Compression.gzip(document)), ("GZIP", Compression.gzip(document)),
            ("x-gzip", Compression.gzip(document)), ("identity", document),
            ("deflate", Compression.zlib(document)), ("deflate", Compression.rawDeflate(document)),
            ("identity, gzip", Compression.gzip(document)),
            ("deflate, gzip", Compression.gzip(Compression.zlib(document))),
            // Two gzip members are one text.
            (
                "gzip",
                Compression.gzip(Array(document.prefix(5)))
                    + Compression.gzip(Array(document.dropFirst(5)))
            ),
        ]
        for (coding, body) in cases {
            let absence = try await absence(
                kind, body, headers: "Content-Encoding: \(coding)\r\n")
            #expect(absence == nil, "\(coding)")
        }
        #expect(
            try await absence(
                kind, Compression.gzip(Compression.zlib(document)),
                headers: "Content-Encoding: deflate\r\nContent-Encoding: gzip\r\n") == nil)
    }

    @Test(
        "an unreadable or oversized response is reported", arguments: AnswerKind.allCases)
    func unreadable(_ kind: AnswerKind) async throws {
        let gzip = Compression.gzip(kind.document)
        let cases: [(String, [UInt8], String)] = [
            ("br", kind.document, "\"br\" is not read"),
            ("utf-8", kind.document, "\"utf-8\" is not read"),
            ("zstd", kind.document, "\"zstd\" is not read"),
            // libcurl would accept this as a complete response.
            ("gzip", Array(gzip.dropLast(9)), "ends before its end"),
            ("gzip", kind.document, "broken"),
            ("gzip", gzip + Array("junk".utf8), "broken"),
            ("deflate", Compression.zlib(kind.document) + [0], "broken"),
            ("identity", gzip, "gzip without Content-Encoding"),
            ("identity", [0xFF, 0xFE, 0x7B, 0], "UTF-16"),
            ("identity", [0xFE, 0xFF, 0, 0x7B], "UTF-16"),
        ]
        for (coding, body, words) in cases {
            let absence = try await absence(
                kind, body, headers: "Content-Encoding: \(coding)\r\n")
            #expect(absence?.reason == .garbage, "\(coding): \(String(describing: absence))")
            #expect(absence?.detail.contains(words) == true, "\(String(describing: absence))")
        }
        let bomb = Compression.gzip([UInt8](repeating: 0x20, count: PrometheusProbe.maxPage + 1))
        #expect(bomb.count < 64 << 10)
        let absence = try await absence(
            kind, bomb, headers: "Content-Encoding: gzip\r\n", maxBody: 64 << 10)
        #expect(absence?.reason == .tooLarge)
    }

    @Test("a part of a response is missing data", arguments: AnswerKind.allCases)
    func part(_ kind: AnswerKind) async throws {
        let body = kind.document
        let server = try ScriptedServer {
            $0.send("HTTP/1.1 206 Partial Content\r\nContent-Length: \(body.count)\r\n\r\n")
            $0.send(body)
        }
        let absence = await kind.absence(HTTPSource(url: server.url), engine: engine)
        #expect(absence?.reason == .garbage)
        #expect(absence?.detail.hasPrefix("status 206, a part of the answer") == true)
        // A query's statuses are fixed.
        if kind != .query {
            let expected = HTTPSource(url: server.url, expectedStatuses: [206...206])
            #expect(await kind.absence(expected, engine: engine) == nil)
        }
    }

    @Test("a byte order mark is ignored", arguments: AnswerKind.allCases)
    func mark(_ kind: AnswerKind) async throws {
        #expect(try await absence(kind, [0xEF, 0xBB, 0xBF] + kind.document) == nil)
        let twice = [0xEF, 0xBB, 0xBF, 0xEF, 0xBB, 0xBF] + kind.document
        #expect(try await absence(kind, twice)?.reason == .garbage)
    }

    @Test("a page without its last line feed is complete if its end was marked, else truncated")
    func lastLine() async throws {
        let page = Array(AnswerKind.page.document.dropLast())
        #expect(try await absence(.page, page) == nil)
        #expect(
            try await absence(
                .page, Compression.gzip(page), headers: "Content-Encoding: gzip\r\n") == nil)
        let chunked = try ScriptedServer {
            $0.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            $0.send("\(String(page.count, radix: 16))\r\n" + String(decoding: page, as: UTF8.self))
            $0.send("\r\n0\r\n\r\n")
        }
        #expect(await AnswerKind.page.absence(HTTPSource(url: chunked.url), engine: engine) == nil)
        let open = try ScriptedServer {
            $0.send("HTTP/1.1 200 OK\r\n\r\n" + String(decoding: page, as: UTF8.self))
        }
        let absence = await AnswerKind.page.absence(HTTPSource(url: open.url), engine: engine)
        #expect(absence?.reason == .garbage)
        #expect(absence?.detail.contains("without a line feed") == true)
    }
}

@Suite("Redirects and credentials of probes")
struct ProbeRedirectTests {
    let engine = TransferEngine(telemetry: .silent)

    private static let secrets = HTTPSource(
        url: "", headers: [.init("X-Scope-OrgID", .value("team-a"))],
        credential: .basic(user: "ops", password: .value("s3cret")))

    private func source(_ url: String) -> HTTPSource {
        var source = Self.secrets
        source.url = url
        return source
    }

    private static func hasSecrets(_ request: String) -> Bool {
        request.contains("\r\nX-Scope-OrgID: team-a\r\n")
            && request.contains("\r\nAuthorization: Basic b3BzOnMzY3JldA==\r\n")
    }

    @Test(
        "within the origin a redirect is followed with the request's headers",
        arguments: AnswerKind.allCases)
    func followed(_ kind: AnswerKind) async throws {
        for status in [301, 302, 303, 307, 308] {
            let server = try ScriptedServer { connection in
                if connection.request.contains("moved") {
                    return connection.answer(kind.document)
                }
                connection.send(
                    "HTTP/1.1 \(status) X\r\nLocation: ?moved=1\r\nContent-Length: 0\r\n\r\n")
            }
            #expect(await kind.absence(source(server.url), engine: engine) == nil)
            #expect(server.requests.count == 2)
            #expect(server.requests.allSatisfy(Self.hasSecrets))
        }
    }

    @Test(
        "another host, port or protocol gets no request, and is reported",
        arguments: AnswerKind.allCases)
    func elsewhere(_ kind: AnswerKind) async throws {
        let other = try ScriptedServer { $0.answer(kind.document) }
        for address in [
            other.url, "http://localhost:\(other.port)/", "https://127.0.0.1:\(other.port)/x",
            "//localhost:\(other.port)/",
        ] {
            let server = try ScriptedServer {
                $0.send(
                    "HTTP/1.1 307 X\r\nLocation: \(address)\r\nContent-Length: 0\r\n\r\n")
            }
            let absence = await kind.absence(source(server.url), engine: engine)
            #expect(absence?.reason == .badStatus)
            let shown = address.hasPrefix("//") ? "http:" + address : address
            #expect(
                absence?.detail == "status 307, moved to \(shown): write that address in url",
                "\(String(describing: absence))")
            #expect(server.requests.count == 1)
        }
        #expect(other.requests.isEmpty)
    }

    @Test("endless redirects are limited, and secrets in an address are not repeated")
    func bounded() async throws {
        let loop = try ScriptedServer {
            $0.send("HTTP/1.1 302 X\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")
        }
        let absence = await AnswerKind.fields.absence(HTTPSource(url: loop.url), engine: engine)
        #expect(
            absence?.detail == "status 302, more than 5 redirects, the last to \(loop.url)again")
        #expect(loop.requests.count == 6)
        let leak = try ScriptedServer {
            $0.send(
                "HTTP/1.1 302 X\r\nLocation: http://u:hidden@127.0.0.1/?token=abc\r\nContent-Length: 0\r\n\r\n"
            )
        }
        let words = await AnswerKind.fields.absence(HTTPSource(url: leak.url), engine: engine)
        #expect(words?.detail.contains("127.0.0.1/") == true)
        #expect(words?.detail.contains("abc") == false && words?.detail.contains("u:") == false)
    }
}
