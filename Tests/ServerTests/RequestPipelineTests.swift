import Foundation
import HTTPTypes
import JSON
import Telemetry
import TestSupport
import Testing

@testable import Server

/// Every status code of the contract, as an independent client sees it, over both protocols.
@Suite struct RequestPipelineTests {
    /// Checks what all refusals have in common.
    private func expectProblem(
        _ reply: Curl.Reply, _ status: Int, _ reason: String, http2: Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(reply.status == status, sourceLocation: sourceLocation)
        #expect(
            reply.header("content-type") == "application/problem+json",
            sourceLocation: sourceLocation)
        #expect(
            reply.header("content-length") == String(reply.body.count),
            sourceLocation: sourceLocation)
        #expect(
            reply.header("connection") == (http2 ? nil : "close"), sourceLocation: sourceLocation)
        #expect(reply.header("date") != nil, sourceLocation: sourceLocation)
        let document = reply.json
        #expect(document?["type"]?.string == "about:blank", sourceLocation: sourceLocation)
        #expect(document?["status"]?.integer == Int64(status), sourceLocation: sourceLocation)
        #expect(document?["reason"]?.string == reason, sourceLocation: sourceLocation)
        #expect(document?["title"]?.string?.isEmpty == false, sourceLocation: sourceLocation)
        #expect(document?["detail"]?.string?.isEmpty == false, sourceLocation: sourceLocation)
    }

    @Test(arguments: [false, true])
    func answersWhatIsAskedRightly(http2: Bool) async throws {
        let server = try await RunningServer()
        let curl = Curl(server, http2: http2)
        let token = try await server.token(.analysis)
        let reply = try await curl.post("/rollouts/analysis", token: token, text: #"{"a":1}"#)
        #expect(reply.status == 200)
        #expect(reply.version == (http2 ? "HTTP/2" : "HTTP/1.1"))
        #expect(reply.text == #"{"a":1}"#)
        #expect(reply.header("content-length") == "7")
        #expect(reply.header("connection") == nil)
        #expect(server.refusals.all.isEmpty)
    }

    @Test("a refusal after the body was read is reported with its beginning")
    func refusedByTheRoute() async throws {
        let refusal = Problem(.badRequest, "name_missing", "the body names nothing")
        let server = try await RunningServer(routes: [
            Route(.post, "/buffer", access: .open) { exchange in
                _ = try await exchange.collectBody()
                throw refusal
            },
            Route(.post, "/bytes", access: .open, inflates: true) { exchange in
                _ = try await exchange.collectBytes()
                throw refusal
            },
        ])
        let curl = Curl(server)
        let body = #"{"rollout":"pay"}"#
        for path in ["/buffer", "/bytes"] {
            #expect(try await curl.post(path, text: body).status == 400)
        }
        let packed = GzipInflaterTests.gzip(Array(body.utf8))
        let reply = try await curl.post("/bytes", body: packed, "-H", "Content-Encoding: gzip")
        #expect(reply.status == 400)
        let beginnings = server.refusals.all.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(beginnings == [body, body, body])
    }

    @Test(arguments: [false, true])
    func refusesStrangers(http2: Bool) async throws {
        let server = try await RunningServer()
        let curl = Curl(server, http2: http2)
        let missing = try await curl.post("/rollouts/analysis", text: #"{"rollout":"pay"}"#)
        expectProblem(missing, 401, "credential_missing", http2: http2)
        #expect(missing.header("www-authenticate") == #"Bearer realm="bellwether""#)

        let unknown = try await curl.post("/rollouts/analysis", token: "bw_nope", text: "{}")
        expectProblem(unknown, 401, "token_unknown", http2: http2)
        #expect(unknown.header("www-authenticate")?.contains(#"error="invalid_token""#) == true)

        let malformed = try await curl.post(
            "/rollouts/analysis", text: "{}", "-H", "Authorization: Digest x")
        expectProblem(malformed, 401, "credential_malformed", http2: http2)

        // The first response describes the readable part, and contains no secret.
        let found = server.refusals.all
        #expect(
            found.map(\.reason) == ["credential_missing", "token_unknown", "credential_malformed"])
        #expect(found.first?.body == Array(#"{"rollout":"pay"}"#.utf8))
        #expect(found.allSatisfy { $0.peer == "127.0.0.1" && $0.credential == nil })
        #expect(found.first?.route == "/rollouts/analysis")
    }

    @Test(arguments: [false, true])
    func refusesTokensThatAreOverByName(http2: Bool) async throws {
        let clock = ManualClock()
        var setup = RunningServer.Setup()
        setup.clock = clock.wall
        // Certificates use the real clock; only tokens use this one.
        let server = try await RunningServer(setup)
        let curl = Curl(server, http2: http2)
        let short = try await server.tokens.create(
            name: "short", scopes: [.analysis], expires: .seconds(60))
        let long = try await server.tokens.create(name: "long", scopes: [.analysis])
        try await server.tokens.revoke(long.record.id, after: .seconds(60))
        for token in [short, long] {
            let reply = try await curl.post("/rollouts/analysis", token: token.text, text: "{}")
            #expect(reply.status == 200)
        }
        clock.advance(by: .seconds(60))
        let expired = try await curl.post("/rollouts/analysis", token: short.text, text: "{}")
        expectProblem(expired, 401, "token_expired", http2: http2)
        let revoked = try await curl.post("/rollouts/analysis", token: long.text, text: "{}")
        expectProblem(revoked, 401, "token_revoked", http2: http2)
        #expect(server.refusals.all.map(\.credential) == [short.record.id, long.record.id])
    }

    @Test(arguments: [false, true])
    func refusesTheWrongScope(http2: Bool) async throws {
        let server = try await RunningServer()
        let curl = Curl(server, http2: http2)
        let reading = try await server.token(.read, .ingest)
        let refused = try await curl.post("/rollouts/analysis", token: reading, text: "{}")
        expectProblem(refused, 403, "scope_missing", http2: http2)
        #expect(refused.header("www-authenticate")?.contains(#"scope="analysis""#) == true)
        let admin = try await server.token(.admin)
        #expect(try await curl.post("/rollouts/analysis", token: admin, text: "{}").status == 200)
    }

    @Test(arguments: [false, true])
    func refusesUnknownPathsAndMethods(http2: Bool) async throws {
        let server = try await RunningServer()
        let curl = Curl(server, http2: http2)
        let unknown = try await curl.get("/rollouts")
        expectProblem(unknown, 404, "not_found", http2: http2)
        let method = try await curl.get("/v1/events", "-X", "DELETE")
        expectProblem(method, 405, "method_not_allowed", http2: http2)
        #expect(method.header("allow") == "POST")
        let both = try await curl.get("/rollouts/analysis", "-X", "PUT")
        #expect(both.header("allow") == "GET, HEAD, POST")
        #expect(server.refusals.all.first?.path == "/rollouts")
        #expect(server.refusals.all.first?.route == nil)
    }

    @Test(arguments: [false, true])
    func refusesLargeBodiesWithAndWithoutLength(http2: Bool) async throws {
        let server = try await RunningServer()
        let curl = Curl(server, http2: http2)
        let token = try await server.token(.analysis)
        let large = [UInt8](repeating: 0x20, count: 4 * 1024 * 1024)
        let announced = try await curl.post("/rollouts/analysis", token: token, body: large)
        expectProblem(announced, 413, "body_too_large", http2: http2)
        let chunked = try await curl.post(
            "/rollouts/analysis", token: token, body: large, "-H", "Content-Length:", "-H",
            http2 ? "X-A: b" : "Transfer-Encoding: chunked")
        expectProblem(chunked, 413, "body_too_large", http2: http2)
        let fits = try await curl.post(
            "/rollouts/analysis", token: token, body: Array(large.prefix(64 * 1024)))
        #expect(fits.status == 200)
        #expect(fits.body.count == 64 * 1024)
    }

    @Test(arguments: [false, true])
    func refusesOtherMediaTypes(http2: Bool) async throws {
        let server = try await RunningServer()
        let curl = Curl(server, http2: http2)
        let token = try await server.token(.analysis)
        for type in ["text/plain", "application/jsonx", "application/x-www-form-urlencoded", nil] {
            let reply = try await curl.post(
                "/rollouts/analysis", token: token, type: type, text: "{}")
            expectProblem(reply, 415, "media_type_unsupported", http2: http2)
            #expect(reply.header("accept") == "application/json")
        }
        for type in ["application/json; charset=utf-8", "Application/JSON ;a=b"] {
            let reply = try await curl.post(
                "/rollouts/analysis", token: token, type: type, text: "{}")
            #expect(reply.status == 200)
        }
        let encoded = try await curl.post(
            "/rollouts/analysis", token: token, text: "{}", "-H", "Content-Encoding: gzip")
        expectProblem(encoded, 415, "encoding_unsupported", http2: http2)
    }

    @Test(arguments: [false, true])
    func refusesHostsThatAreNotItsOwn(http2: Bool) async throws {
        var setup = RunningServer.Setup()
        setup.hosts = ["bellwether.test", "127.0.0.1"]
        let server = try await RunningServer(setup)
        var curl = Curl(server, http2: http2)
        #expect(try await curl.get("/peer").status == 200)
        let host = try await curl.get("/peer", "-H", "Host: other.test")
        expectProblem(host, 421, "host_unknown", http2: http2)

        // The name in the TLS handshake is checked too, even if Host is right.
        curl.base = "https://localhost:\(server.port)"
        let named = try await curl.get("/peer", "-H", "Host: bellwether.test")
        expectProblem(named, 421, "host_unknown", http2: http2)
        curl.base = "https://BELLWETHER.test:\(server.port)"
        curl.arguments += ["--resolve", "BELLWETHER.test:\(server.port):127.0.0.1"]
        #expect(try await curl.get("/peer").status == 200)
    }

    @Test(
        "health and metrics accept every host, as kubelets and Prometheus use the pod's address",
        arguments: [false, true])
    func observedByAddress(http2: Bool) async throws {
        var setup = RunningServer.Setup()
        setup.hosts = ["gw.example"]
        let server = try await RunningServer(setup)
        var curl = Curl(server, http2: http2)
        for (path, status) in [
            ("/livez", 200), ("/readyz", 503), ("/metrics", 200), ("/livez/", 200),
        ] {
            #expect(try await curl.get(path).status == status, "\(path)")
            #expect(try await curl.get(path, "--head").status == status, "\(path)")
            for host in ["10.1.2.3:8443", "[fd00::1]:8443", "localhost", "other.test"] {
                let reply = try await curl.get(path, "-H", "Host: \(host)")
                #expect(reply.status == status, "\(path) \(host)")
            }
            let malformed = try await curl.get(path, "-H", "Host: a@b")
            #expect(malformed.status == (http2 ? malformed.status : 400))
        }
        expectProblem(try await curl.get("/peer"), 421, "host_unknown", http2: http2)
        expectProblem(
            try await curl.get("/livez", "-X", "POST"), 421, "host_unknown", http2: http2)
        expectProblem(try await curl.get("/nowhere"), 421, "host_unknown", http2: http2)
        // The name in the TLS handshake does not matter for them either.
        curl.base = "https://localhost:\(server.port)"
        #expect(try await curl.get("/livez").status == 200)
    }

    @Test(arguments: [false, true])
    func drainsWithRetryAfterButStaysObservable(http2: Bool) async throws {
        let server = try await RunningServer()
        let curl = Curl(server, http2: http2)
        let token = try await server.token(.analysis)
        server.server.drain()
        let refused = try await curl.post("/rollouts/analysis", token: token, text: "{}")
        expectProblem(refused, 503, "draining", http2: http2)
        #expect(refused.header("retry-after") == "20")
        #expect(try await curl.get("/livez").status == 200)
        #expect(try await curl.get("/metrics").text.contains("bellwether_refusals_total"))
    }

    @Test(arguments: [false, true])
    func faultsWithinAreRefusalsThatSayNothingOfThem(http2: Bool) async throws {
        let server = try await RunningServer()
        let reply = try await Curl(server, http2: http2).get("/broken")
        expectProblem(reply, 500, "internal_error", http2: http2)
        #expect(!reply.text.contains("Cancellation"))
    }

    @Test(arguments: [false, true])
    func headHasTheLengthAndNoBody(http2: Bool) async throws {
        let server = try await RunningServer()
        let curl = Curl(server, http2: http2)
        let good = try await curl.get("/peer", "--head")
        #expect(good.status == 200)
        #expect(good.header("content-length") == "9")
        let bad = try await curl.get("/nowhere", "--head")
        #expect(bad.status == 404)
        #expect(bad.body.isEmpty)
    }

    @Test func readsQueriesAndPathParameters() async throws {
        let server = try await RunningServer()
        let curl = Curl(server)
        let token = try await server.token(.analysis)
        let query = try await curl.get(
            "/rollouts/analysis?rollout=pay%2Dapi&namespace=a+b&empty&c=%C3%BC", token: token)
        #expect(query.text == "rollout=pay-api|namespace=a b|empty=|c=ü")
        let broken = try await curl.get("/rollouts/analysis?a=%zz", token: token)
        expectProblem(broken, 400, "query_malformed", http2: false)
        #expect(broken.json?["field"]?.string == "query")
        let concern = try await curl.post(
            "/rollouts/analysis/lat%65ncy", token: token, text: "{}")
        #expect(concern.text == "latency")
        #expect(concern.header("etag") == "\"x\"")
        #expect(
            try await curl.post("/rollouts/analysis/a/b", token: token, text: "{}").status == 404)
    }

    @Test func takesATokenFromAURLWhereNoHeaderCanBeSent() async throws {
        let server = try await RunningServer()
        var curl = Curl(server)
        let token = try await server.token(.ingest)
        curl.base = "https://hook:\(token)@127.0.0.1:\(server.port)"
        #expect(try await curl.post("/v1/hooks/flagger", text: "{}").text == "test")
        curl.base = "https://\(token)@127.0.0.1:\(server.port)"
        #expect(try await curl.post("/v1/hooks/flagger", text: "{}").text == "test")
        // Only on routes that permit it.
        #expect(try await curl.post("/v1/events", text: "{}").status == 401)
    }

    /// Some versions of libcurl reset a stream once the announced length has arrived. The HTTP/2
    /// handler treats 200 resets in half a minute as an attack.
    @Test func oneHTTP2ConnectionBearsManyRequests() async throws {
        let server = try await RunningServer()
        var curl = Curl(server, http2: true)
        let url = "https://127.0.0.1:\(server.port)/livez"
        curl.arguments += Array(repeating: url, count: 499)
        curl.arguments += ["-w", "\n%{num_connects} %{http_code}\n"]
        let reply = try await curl.get("/livez")
        #expect(reply.exit == 0, "\(reply.complaint)")
        let answers = reply.text.split(separator: "\n").filter { $0.hasSuffix(" 200") }
        #expect(answers.count { $0 == "0 200" } == 499)
        #expect(answers.count { $0 == "1 200" } == 1)
    }

    @Test func aFloodOfRefusalsIsCountedNotTold() async throws {
        let server = try await RunningServer()
        let curl = Curl(server)
        // One connection for each would take long: pass many URLs in one call.
        let url = "https://127.0.0.1:\(server.port)/none"
        let more = Array(repeating: url, count: 39)
        var arguments = curl
        arguments.arguments += more
        _ = try await arguments.get("/none")
        let reported = server.refusals.all.count
        #expect((10...12).contains(reported))
        #expect(
            server.telemetry.registry.value(
                "bellwether_refusals_total", labels: [("reason", "not_found")]) == 40)
        #expect(
            server.telemetry.registry.value("bellwether_refusals_suppressed_total")
                == Double(40 - reported))
    }

    @Test func healthIsADocumentOfItsOwn() async throws {
        let server = try await RunningServer()
        let curl = Curl(server)
        let live = try await curl.get("/livez")
        #expect(live.header("content-type") == "application/health+json")
        #expect(live.json?["status"]?.string == "pass")
        let ready = try await curl.get("/readyz")
        #expect(ready.status == 503)
        #expect(ready.json?["status"]?.string == "fail")
        #expect(
            ready.json?.resolve(pointer: "/checks/log:durable/0/status")?.string == "fail")
        #expect(!ready.text.contains("disk full"), "a stranger is not shown why")
        let seen = try await curl.get("/readyz", token: server.token(.read))
        #expect(seen.status == 503)
        #expect(
            seen.json?.resolve(pointer: "/checks/log:durable/0/output")?.string == "disk full")
        let other = try await curl.get("/readyz", token: server.token(.analysis))
        #expect(!other.text.contains("disk full"))
        #expect(server.refusals.all.isEmpty)
        let metrics = try await curl.get("/metrics")
        #expect(
            metrics.text.contains(
                #"bellwether_http_requests_total{route="/livez",status="200"} 1"#))
    }
}
