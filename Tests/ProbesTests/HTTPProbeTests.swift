import Events
import Foundation
import Secrets
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Probes

@Suite("Dependencies over HTTP")
struct HTTPProbeTests {
    let engine = TransferEngine(telemetry: .silent)

    private func measure(
        _ source: HTTPSource, fields: [FieldSelection.Field] = [],
        allowance: Duration = .seconds(20)
    ) async -> [Signal] {
        await HTTPProbe(name: "bank", source: source, fields: .pointers(fields), engine: engine)
            .measure(context(allowance: allowance))
    }

    private func measure(
        fields: [FieldSelection.Field] = [], allowance: Duration = .seconds(20),
        _ serve: @escaping @Sendable (ScriptedServer.Connection) -> Void
    ) async throws -> [Signal] {
        let server = try ScriptedServer(serve)
        return await measure(
            HTTPSource(url: server.url), fields: fields, allowance: allowance)
    }

    @Test("status, time and fields of a valid response")
    func good() async throws {
        let signals = try await measure(fields: [
            .init("depth", "/queue/depth"), .init("gateway.worker_reachable", "/worker"),
            .init("name", "/name"), .init("gone", "/gone"), .init("lag_ms", "/lags/1"),
        ]) {
            $0.answer(#"{"queue":{"depth":3},"worker":true,"name":"x","lags":[1,2.5]}"#)
        }
        #expect(signals.number("dependency.bank_ok") == 1)
        #expect(try #require(signals.number("dependency.bank_ms")) > 0)
        #expect(signals.number("dependency.bank_depth") == 3)
        #expect(signals["gateway.worker_reachable"]?.value == .flag(true))
        #expect(signals.number("dependency.bank_lag_ms") == 2.5)
        #expect(signals["dependency.bank_lag_ms"]?.unit == .milliseconds)
        #expect(signals.reason("dependency.bank_name") == .missingField)
        #expect(signals.reason("dependency.bank_gone") == .missingField)
    }

    @Test("another status is a result, not missing data")
    func badStatus() async throws {
        let signals = try await measure(fields: [.init("depth", "/depth")]) {
            $0.answer(#"{"depth":3}"#, status: 503)
        }
        #expect(signals["dependency.bank_ok"]?.value == .flag(false))
        #expect(signals.number("dependency.bank_ms") != nil)
        #expect(signals.reason("dependency.bank_depth") == .badStatus)
    }

    @Test("any status can be expected; an expected redirect is a response")
    func expected() async throws {
        let server = try ScriptedServer {
            $0.send("HTTP/1.1 302 X\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n")
        }
        var source = HTTPSource(url: server.url, expectedStatuses: [302...302])
        #expect(await measure(source).number("dependency.bank_ok") == 1)
        #expect(server.requests.count == 1)
        source.expectedStatuses = [200...299]
        #expect(await measure(source).number("dependency.bank_ok") == 0)
        #expect(server.requests.count == 7)
    }

    @Test("method, headers and secrets are sent; a missing secret is reported without a request")
    func request() async throws {
        let folder = try TemporaryDirectory()
        try "s3cret\n".write(toFile: folder.file("token"), atomically: true, encoding: .utf8)
        let server = try ScriptedServer { $0.answer("{}") }
        var source = HTTPSource(
            url: server.url, method: "POST",
            headers: [HTTPSource.Header("X-Plain", .value("a b"))],
            credential: .bearer(.file(folder.file("token"))))
        #expect(await measure(source).number("dependency.bank_ok") == 1)
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("POST / HTTP/1.1\r\n"))
        #expect(request.contains("\r\nAuthorization: Bearer s3cret\r\n"))
        #expect(request.contains("\r\nX-Plain: a b\r\n"))
        source.credential = .basic(user: "ops", password: .file(folder.file("token")))
        #expect(await measure(source).number("dependency.bank_ok") == 1)
        // "ops:s3cret"
        #expect(server.requests[1].contains("\r\nAuthorization: Basic b3BzOnMzY3JldA==\r\n"))
        source.credential = .bearer(.file(folder.file("none")))
        let signals = await measure(source)
        #expect(signals.reason("dependency.bank_ok") == .fault)
        #expect(server.requests.count == 2)
    }

    @Test("a server that never responds")
    func hang() async throws {
        let signals = try await measure(
            fields: [.init("depth", "/depth")], allowance: .milliseconds(50)
        ) { $0.hang() }
        #expect(Set(signals.map(\.name)).count == 3)
        for signal in signals { #expect(signals.reason(signal.name) == .timeout) }
    }

    @Test("a server that sends one byte at a time gets no more time")
    func drip() async throws {
        let signals = try await measure(allowance: .milliseconds(100)) { connection in
            connection.send("HTTP/1.1 200 X\r\nContent-Length: 1000000\r\n\r\n")
            while connection.send("x") { usleep(5000) }
        }
        #expect(signals.reason("dependency.bank_ok") == .timeout)
    }

    @Test("ten megabytes are refused, with and without a Content-Length")
    func tooLarge() async throws {
        let big = [UInt8](repeating: UInt8(ascii: " "), count: 10 << 20)
        let reported = try await measure { $0.answer(big) }
        #expect(reported.reason("dependency.bank_ok") == .tooLarge)
        let unreported = try await measure { connection in
            connection.send("HTTP/1.1 200 X\r\nConnection: close\r\n\r\n")
            connection.send(big)
        }
        #expect(unreported.reason("dependency.bank_ok") == .tooLarge)
    }

    @Test(
        "malformed JSON where a field needs it",
        arguments: [
            "", "<html>", "{\"depth\":3", "{} {}", "NaN", String(repeating: "[", count: 99),
        ])
    func garbage(body: String) async throws {
        let signals = try await measure(fields: [.init("depth", "/depth")]) { $0.answer(body) }
        #expect(signals.reason("dependency.bank_ok") == .garbage)
        #expect(signals.reason("dependency.bank_depth") == .garbage)
        // Without a field the body is not parsed.
        let plain = try await measure { $0.answer(body) }
        #expect(plain.number("dependency.bank_ok") == 1)
    }

    @Test("a response that is not HTTP, or is truncated")
    func broken() async throws {
        for words in ["220 mail ESMTP\r\n", "HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\nhalf", ""] {
            let signals = try await measure { $0.send(words) }
            #expect(signals.reason("dependency.bank_ok") == .garbage, "\(words)")
        }
    }

    @Test("no listener, an unknown host, an invalid address")
    func unreachable() async throws {
        let closed = try ClosedPort()
        let refused = await measure(HTTPSource(url: "http://127.0.0.1:\(closed.number)/"))
        #expect(refused.reason("dependency.bank_ok") == .refused)
        let nameless = await measure(HTTPSource(url: "http://nobody.invalid/"))
        #expect(nameless.reason("dependency.bank_ok") == .unresolved)
        let wrong = await measure(HTTPSource(url: "gopher://127.0.0.1/"))
        #expect(wrong.reason("dependency.bank_ok") == .fault)
    }

    @Test("a server without TLS behind https")
    func tls() async throws {
        let server = try ScriptedServer(readsHead: false) { $0.answer("{}") }
        let signals = await measure(HTTPSource(url: "https://127.0.0.1:\(server.port)/"))
        #expect(signals.reason("dependency.bank_ok") == .tls)
    }

    @Test("the report of a failure contains no path, query or password")
    func secrets() async throws {
        let closed = try ClosedPort()
        let signals = await measure(
            HTTPSource(url: "http://127.0.0.1:\(closed.number)/hooks/p4th?token=qu3ry"))
        guard case .absent(_, let detail)? = signals.first?.value else {
            Issue.record("not absent")
            return
        }
        #expect(detail.contains("127.0.0.1:\(closed.number)"))
        #expect(!detail.contains("p4th") && !detail.contains("qu3ry"))
    }
}

@Suite("TCP reachability")
struct TCPProbeTests {
    let engine = TransferEngine(telemetry: .silent)

    private func measure(_ host: String, _ port: Int) async -> [Signal] {
        await TCPProbe(name: "worker", host: host, port: port, engine: engine)
            .measure(context())
    }

    @Test("an open port")
    func open() async throws {
        let server = try ScriptedServer { $0.hang() }
        let signals = await measure("127.0.0.1", server.port)
        #expect(signals.number("gateway.worker_reachable") == 1)
        #expect(try #require(signals.number("gateway.worker_connect_ms")) >= 0)
        #expect(signals["gateway.worker_connect_ms"]?.unit == .milliseconds)
    }

    @Test("a closed port is a result, with the reason")
    func closed() async throws {
        let closed = try ClosedPort()
        let signals = await measure("127.0.0.1", closed.number)
        #expect(signals["gateway.worker_reachable"]?.value == .flag(false))
        #expect(signals.reason("gateway.worker_connect_ms") == .refused)
    }

    @Test("a name without an address, an invalid port")
    func names() async {
        let nameless = await measure("nobody.invalid", 1)
        #expect(nameless["gateway.worker_reachable"]?.value == .flag(false))
        #expect(nameless.reason("gateway.worker_connect_ms") == .unresolved)
        let portless = await measure("127.0.0.1", 70_000)
        #expect(portless.reason("gateway.worker_reachable") == .fault)
    }
}
