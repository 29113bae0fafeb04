import Events
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Probes

@Suite("Pages whose end is cut off")
struct CutPageTests {
    let engine = TransferEngine(telemetry: .silent)
    static let page = "http_requests_total{role=\"canary\",code=\"200\"} 1234"

    /// A server of one page, whose Content-Length is `shift` bytes beside the right one.
    private func server(_ page: String, shift: Int = 0) throws -> ScriptedServer {
        try ScriptedServer {
            let length = page.utf8.count + shift
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n")
            $0.send(page)
        }
    }

    private func probe(_ server: ScriptedServer) -> PrometheusProbe {
        PrometheusProbe(
            name: "p", source: HTTPSource(url: server.url), engine: engine,
            policy: UpstreamPolicy(attempts: 1))
    }

    /// Why the page is missing data; the first page that is read is absent(no_sample_yet).
    private func absence(
        _ server: ScriptedServer, allowance: Duration = .seconds(20)
    ) async throws -> MissingData {
        let signals = await probe(server).measure(context(allowance: allowance))
        guard case .absent(let why, let detail)? = signals["canary.5xx_rate"]?.value else {
            Issue.record("\(signals)")
            return MissingData(.fault)
        }
        return MissingData(try #require(MissingDataReason(rawValue: why)), detail)
    }

    @Test(
        "a page that is longer than its Content-Length is cut inside its last number",
        arguments: [1, 2, 3])
    func short(by count: Int) async throws {
        let server = try server(Self.page, shift: -count)
        let absence = try await absence(server)
        #expect(absence.reason == .garbage)
        #expect(
            absence.detail.hasPrefix(
                "Content-Length is \"\(Self.page.utf8.count - count)\", but the server sends \(Self.page.utf8.count) bytes"
            ), "\(absence)")
    }

    @Test("a Content-Length in characters instead of bytes")
    func characters() async throws {
        let page = "# HELP x größer\n\(Self.page)\n"
        let server = try server(page, shift: page.count - page.utf8.count)
        #expect(try await absence(server).detail.hasPrefix("Content-Length is "))
    }

    @Test("a page that is shorter than its Content-Length", arguments: [page, page + "\n"])
    func long(page: String) async throws {
        for shift in [1, 1000] {
            #expect(try await absence(try server(page, shift: shift)).reason == .garbage)
        }
    }

    @Test("a page of the right length without its last line feed is read, until the close")
    func whole() async throws {
        let server = try server(Self.page)
        let probe = probe(server)
        for _ in 0..<3 { await probe.sample() }
        let signals = await probe.measure(context(allowance: .seconds(20)))
        #expect(signals.reason("canary.5xx_rate") == .noSampleYet)
        let closing = server.requests.map { $0.contains("\r\nConnection: close\r\n") }
        // The first page is requested twice.
        #expect(closing.first == false)
        #expect(closing.count >= 4 && closing.dropFirst().allSatisfy(\.self))
    }

    @Test("a page with its last line feed is requested once, on a connection that may be kept")
    func usual() async throws {
        let server = try server(Self.page + "\n")
        #expect(try await absence(server).reason == .noSampleYet)
        #expect(server.requests.allSatisfy { !$0.contains("\r\nConnection: close\r\n") })
    }

    @Test("a server that does not close is missing data that names the line feed")
    func open() async throws {
        let server = try ScriptedServer {
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.page.utf8.count)\r\n\r\n")
            $0.send(Self.page)
            $0.hang()
        }
        let absence = try await absence(server, allowance: .milliseconds(500))
        #expect(absence.reason == .timeout)
        #expect(absence.detail.contains("the page has no last line feed"), "\(absence)")
    }

    @Test(
        "chunks end a page by themselves, also without a line feed; without the last one it is cut")
    func chunks() async throws {
        for (end, reason) in [
            ("0\r\n\r\n", MissingDataReason.noSampleYet), ("", .garbage), ("0\r\n", .garbage),
        ] {
            let server = try ScriptedServer {
                $0.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                $0.send("\(String(Self.page.utf8.count, radix: 16))\r\n\(Self.page)\r\n\(end)")
            }
            #expect(try await absence(server).reason == reason, "\(end)")
            #expect(server.requests.allSatisfy { !$0.contains("\r\nConnection: close\r\n") })
        }
    }

    @Test("a page in a transfer coding that nobody asked for is named, whatever its end")
    func coded() async throws {
        for page in [Self.page, Self.page + "\n"] {
            let coded = Compression.gzip(Array(page.utf8))
            let server = try ScriptedServer {
                $0.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")
                $0.send("\(String(coded.count, radix: 16))\r\n")
                $0.send(coded)
                $0.send("\r\n0\r\n\r\n")
            }
            let found = try await absence(server)
            #expect(found.reason == .garbage && found.detail.contains("gzip"), "\(found)")
        }
    }

    @Test("OpenMetrics cut inside its end mark")
    func openMetrics() async throws {
        let page = Self.page + "\n# EOF\n"
        for (cut, reason) in [
            (1, MissingDataReason.noSampleYet), (2, .garbage), (7, .garbage), (9, .garbage),
        ] {
            let server = try ScriptedServer {
                $0.send(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text\r\nContent-Length: \(page.utf8.count - cut)\r\n\r\n\(page)"
                )
            }
            #expect(try await absence(server).reason == reason, "\(cut)")
        }
    }

    @Test(
        "a transfer reads to the close where it is asked to, and knows whether the length was right"
    )
    func transfer() async throws {
        for (shift, received, isDelimited) in [(-2, -2, true), (0, 0, true)] {
            let server = try server(Self.page, shift: shift)
            let reply = try await engine.http(HTTPTransfer(url: server.url))
            #expect(server.requests.count == 1)
            #expect(reply.body.count == Self.page.utf8.count + received)
            #expect(reply.isDelimited == isDelimited && reply.isCounted == isDelimited)
        }
        for (shift, isDelimited) in [(-2, false), (0, true), (2, false)] {
            let server = try server(Self.page, shift: shift)
            let reply = try await engine.http(HTTPTransfer(url: server.url, readsToClose: true))
            #expect(server.requests.count == 1)
            #expect(reply.body == Array(Self.page.utf8))
            #expect(reply.isDelimited == isDelimited && reply.isCounted == isDelimited)
        }
    }
}
