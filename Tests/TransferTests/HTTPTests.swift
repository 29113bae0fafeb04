import Foundation
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("HTTP transfers against a real server")
struct HTTPTests {
    let engine = TransferEngine(telemetry: .silent)

    /// The request as described by the response of `/echo`.
    private func echo(_ reply: HTTPReply) throws -> HTTPDouble.Request {
        try JSONDecoder().decode(HTTPDouble.Request.self, from: Data(reply.body))
    }

    /// The error of a transfer that must fail.
    private func fault(_ transfer: HTTPTransfer) async -> TransferError? {
        do throws(TransferError) {
            _ = try await engine.http(transfer)
            return nil
        } catch { return error }
    }

    @Test("method, headers and body arrive as given, and nothing is added")
    func request() async throws {
        let server = try await HTTPDouble.start()
        let reply = try await engine.http(
            HTTPTransfer(
                url: server.url("/echo?a=b"), method: "POST",
                headers: [("Content-Type", "application/json"), ("X-Empty", ""), ("X-A", "b c")],
                body: Array(#"{"a":"ü"}"#.utf8)))
        let echo = try self.echo(reply)
        #expect(reply.status == 200)
        #expect(reply.header("content-TYPE") == "application/json")
        #expect(echo.method == "POST")
        #expect(echo.path == "/echo?a=b")
        #expect(echo.body == #"{"a":"ü"}"#)
        #expect(echo.header("content-type") == "application/json")
        #expect(echo.header("x-empty") == "")
        #expect(echo.header("x-a") == "b c")
        #expect(echo.header("expect") == nil)
        #expect(reply.timings.connected > .zero)
        #expect(reply.duration >= reply.timings.connected)
    }

    @Test("every method", arguments: ["GET", "HEAD", "POST", "PUT", "DELETE"])
    func methods(method: String) async throws {
        let server = try await HTTPDouble.start()
        let reply = try await engine.http(HTTPTransfer(url: server.url("/echo"), method: method))
        #expect(reply.status == 200)
        if method == "HEAD" {
            #expect(reply.body.isEmpty)
        } else {
            let echo = try self.echo(reply)
            #expect(echo.method == method)
            #expect(echo.header("content-type") == nil)
        }
    }

    @Test("a body of megabytes is transferred in both directions")
    func large() async throws {
        let server = try await HTTPDouble.start()
        let size = 3_000_000
        let sent = try await engine.http(
            HTTPTransfer(
                url: server.url("/echo"), method: "POST",
                body: [UInt8](repeating: UInt8(ascii: "b"), count: size), maxBody: 4_000_000))
        #expect(try echo(sent).body.utf8.count == size)
        let got = try await engine.http(
            HTTPTransfer(url: server.url("/big/\(size)"), maxBody: size))
        #expect(got.body.count == size)
    }

    @Test("any status is a response", arguments: [200, 204, 400, 404, 429, 500, 503])
    func statuses(status: Int) async throws {
        let server = try await HTTPDouble.start()
        let reply = try await engine.http(HTTPTransfer(url: server.url("/status/\(status)")))
        #expect(reply.status == status)
        #expect(reply.header("retry-after") == "7")
    }

    @Test("one byte over the limit is too large; endless bodies and headers are cut off")
    func limits() async throws {
        let server = try await HTTPDouble.start()
        let exact = try await engine.http(HTTPTransfer(url: server.url("/big/1000"), maxBody: 1000))
        #expect(exact.body.count == 1000)
        for path in ["/big/1001", "/endless", "/head-flood"] {
            let error = await fault(HTTPTransfer(url: server.url(path), maxBody: 1000))
            // libcurl has its own limits for headers, with other error codes.
            #expect(
                error?.kind == .tooLarge || (path == "/head-flood" && error?.kind == .closed),
                "\(path): \(String(describing: error))")
        }
    }

    @Test("hanging, slow, closing and malformed peers each have their kind of error")
    func misbehaviour() async throws {
        let server = try await HTTPDouble.start()
        let expected: [(String, TransferError.Kind)] = [
            ("/hang", .timeout), ("/drip", .timeout), ("/close", .closed), ("/half", .closed),
            ("/garbage", .protocolFault),
        ]
        for (path, kind) in expected {
            let error = await fault(
                HTTPTransfer(
                    url: server.url(path),
                    deadline: kind == .timeout ? .milliseconds(400) : .seconds(60)))
            #expect(error?.kind == kind, "\(path): \(String(describing: error))")
        }
        let next = try await engine.http(HTTPTransfer(url: server.url("/status/200")))
        #expect(next.status == 200)
    }

    @Test("redirects are responses unless requested, and never leave the origin")
    func redirects() async throws {
        let server = try await HTTPDouble.start()
        let plain = try await engine.http(HTTPTransfer(url: server.url("/redirect")))
        #expect(plain.status == 302)
        #expect(plain.header("location") == "/echo")
        let followed = try await engine.http(
            HTTPTransfer(url: server.url("/redirect"), maxRedirects: 1))
        #expect(followed.status == 200)
        #expect(followed.header("location") == nil)
        #expect(followed.redirects == 1 && followed.redirect == nil)
        #expect(plain.redirect == server.url("/echo"))
        let file = try await engine.http(
            HTTPTransfer(url: server.url("/redirect-file"), maxRedirects: 3))
        #expect(file.status == 302)
        #expect(file.redirect == "file:///etc/passwd")
        let other = try await HTTPDouble.start()
        for address in [
            other.url("/echo"), server.url("/echo", host: "localhost"),
            "http://u:p@127.0.0.1:\(server.port)/echo", "https://127.0.0.1:\(server.port)/echo",
        ] {
            let reply = try await engine.http(
                HTTPTransfer(
                    url: server.url("/redirect-to?\(address)"), headers: [("X-Key", "s3cret")],
                    maxRedirects: 3))
            #expect(reply.status == 302 && reply.redirect == address, "\(address)")
        }
        #expect(try other.requests().isEmpty)
        // A method with side effects is not repeated.
        let posted = try await engine.http(
            HTTPTransfer(url: server.url("/redirect"), method: "POST", maxRedirects: 3))
        #expect(posted.status == 302 && posted.redirects == 0)
        let loop = try await engine.http(
            HTTPTransfer(url: server.url("/redirect-to?/redirect-to"), maxRedirects: 2))
        #expect(loop.status == 302 && loop.redirects == 2)
    }

    @Test("no encoding is requested or decoded; whether a response's end was marked is known")
    func encodings() async throws {
        let server = try await HTTPDouble.start()
        let reply = try await engine.http(HTTPTransfer(url: server.url("/echo")))
        #expect(try echo(reply).header("accept-encoding") == "identity")
        #expect(reply.isDelimited)
        let named = try await engine.http(
            HTTPTransfer(url: server.url("/echo"), headers: [("Accept-Encoding", "gzip")]))
        #expect(try echo(named).header("accept-encoding") == "gzip")
        let open = try await engine.http(HTTPTransfer(url: server.url("/unmarked")))
        #expect(String(decoding: open.body, as: UTF8.self) == "as far as it came")
        #expect(!open.isDelimited)
    }

    @Test("no listener, no such host, no such scheme")
    func unreachable() async throws {
        let closed = try ClosedPort()
        let port = closed.number
        #expect(await fault(HTTPTransfer(url: "http://127.0.0.1:\(port)/"))?.kind == .refused)
        #expect(await fault(HTTPTransfer(url: "http://nowhere.invalid/"))?.kind == .resolve)
        for url in [
            "", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http://a b/",
            "http://127.0.0.1/\r\nX: y", "gopher://127.0.0.1:1/", "http://127.0.0.1:99999/",
        ] {
            #expect(await fault(HTTPTransfer(url: url))?.kind == .invalid, "\(url)")
        }
    }

    @Test("headers and methods cannot inject text")
    func injection() async throws {
        let server = try await HTTPDouble.start()
        for value in ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rb", "a\0b", "\r\n"] {
            let error = await fault(
                HTTPTransfer(url: server.url("/echo"), headers: [("X-A", value)]))
            #expect(error?.kind == .invalid)
        }
        for name in ["X A", "X:A", "X\r\nEvil", "", "Ü"] {
            let error = await fault(HTTPTransfer(url: server.url("/echo"), headers: [(name, "v")]))
            #expect(error?.kind == .invalid)
        }
        for method in ["GE T", "GET\r\nX: y", "", "GET /"] {
            let error = await fault(HTTPTransfer(url: server.url("/echo"), method: method))
            #expect(error?.kind == .invalid)
        }
    }

    @Test("errors name scheme, host and port, and neither path, query nor credentials")
    func secrets() async throws {
        let closed = try ClosedPort()
        let port = closed.number
        let url = "http://user:passw0rd@127.0.0.1:\(port)/services/T0/B0/sekret?token=sekret"
        let error = try #require(
            await fault(HTTPTransfer(url: url, headers: [("Authorization", "Bearer sekret")])))
        #expect(error.target == "http://127.0.0.1:\(port)")
        for secret in ["sekret", "passw0rd", "user"] {
            #expect(!"\(error) \(String(reflecting: error))".contains(secret))
        }
    }

    @Test("connections are reused sequentially, and used in parallel")
    func reuse() async throws {
        let server = try await HTTPDouble.start()
        var numbers: Set<Int> = []
        var reused = 0
        for _ in 0..<20 {
            let reply = try await engine.http(HTTPTransfer(url: server.url("/echo")))
            numbers.insert(try echo(reply).connection)
            if reply.timings.reusedConnection { reused += 1 }
        }
        #expect(numbers.count == 1)
        #expect(reused == 19)

        let url = server.url("/echo")
        let statuses = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<50 {
                group.addTask { [engine] in
                    (try? await engine.http(HTTPTransfer(url: url, deadline: .seconds(60))).status)
                        ?? 0
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.count == 50)
        #expect(statuses.allSatisfy { $0 == 200 })
    }

    @Test("a slow transfer does not delay another")
    func independence() async throws {
        let server = try await HTTPDouble.start()
        let hanging = Task { [engine] in
            try await engine.http(HTTPTransfer(url: server.url("/hang"), deadline: .seconds(600)))
        }
        let quick = try await engine.http(HTTPTransfer(url: server.url("/status/200")))
        #expect(quick.status == 200)
        hanging.cancel()
        let ended = await hanging.result
        let error = #expect(throws: TransferError.self) { try ended.get() }
        #expect(error?.kind == .cancelled)
    }

    @Test("a task that is cancelled before it starts sends nothing")
    func cancelledEarly() async throws {
        let server = try await HTTPDouble.start()
        let task = Task { [engine] in
            withUnsafeCurrentTask { $0?.cancel() }
            return try await engine.http(HTTPTransfer(url: server.url("/echo")))
        }
        guard case .failure(let error as TransferError) = await task.result else {
            Issue.record("it was answered")
            return
        }
        #expect(error.kind == .cancelled)
        // This is the first connection to the server.
        let next = try await engine.http(HTTPTransfer(url: server.url("/echo")))
        #expect(try echo(next).connection == 1)
    }

    @Test("shutdown ends running transfers and refuses new ones; so does the engine's deinit")
    func shutdown() async throws {
        let server = try await HTTPDouble.start()
        let mine = TransferEngine(telemetry: .silent)
        let hanging = Task {
            try await mine.http(HTTPTransfer(url: server.url("/hang"), deadline: .seconds(600)))
        }
        _ = try await mine.http(HTTPTransfer(url: server.url("/echo")))
        mine.shutdown()
        guard case .failure(let error as TransferError) = await hanging.result else {
            Issue.record("it was answered")
            return
        }
        #expect(error.kind == .cancelled)
        await #expect(throws: TransferError.self) {
            try await mine.http(HTTPTransfer(url: server.url("/echo")))
        }
    }

    @Test("outcomes are counted by kind")
    func metrics() async throws {
        let server = try await HTTPDouble.start()
        let telemetry = Telemetry.silent
        let mine = TransferEngine(telemetry: telemetry)
        for _ in 0..<3 { _ = try await mine.http(HTTPTransfer(url: server.url("/echo"))) }
        _ = try? await mine.http(HTTPTransfer(url: server.url("/close")))
        func count(_ outcome: String) -> Double? {
            telemetry.registry.value(
                "bellwether_transfers_total", labels: [("kind", "http"), ("outcome", outcome)])
        }
        #expect(count("ok") == 3)
        #expect(count("closed") == 1)
        #expect(
            telemetry.registry.value(
                "bellwether_transfer_connections_total", labels: [("kind", "http")]) == 1)
    }
}
