import HTTPTypes
import HummingbirdCore
import JSON
import NIOCore
import TestSupport
import Testing

@testable import Server

@Suite("Limits of concurrent streams and queries")
struct ConcurrencyLimitTests {
    @Test("one owner gets its limit, all get theirs together, and a released slot is free")
    func places() throws {
        let limit = ConcurrencyLimit("streams", most: 3, ofOne: 2)
        var places: [ConcurrencyLimit.Place] = []
        func reason(_ owner: String) -> String? {
            do throws(Problem) {
                places.append(try limit.enter(owner, retryAfter: .seconds(5)))
                return nil
            } catch {
                #expect(error.status == .tooManyRequests)
                #expect(error.headers[.retryAfter] == "5")
                #expect(error.detail.contains("listen.limits.max_streams"))
                return error.reason
            }
        }
        #expect(reason("a") == nil)
        #expect(reason("a") == nil)
        #expect(reason("a") == "streams_of_credential_taken")
        #expect(reason("b") == nil)
        #expect(reason("c") == "streams_taken")
        places.removeFirst()
        #expect(reason("a") == nil)
        places = []
        #expect(limit.open == 0)
    }

    @Test(
        "streams use no slots of requests, and release theirs when they end",
        arguments: [false, true])
    func streams(http2: Bool) async throws {
        var setup = RunningServer.Setup()
        setup.limits.streams = 4
        let server = try await RunningServer(
            setup,
            routes: [
                Route(.get, "/stream", access: .requires(.read)) { exchange in
                    try exchange.beginStream(memory: 1000)
                    return Response(
                        status: .ok,
                        body: ResponseBody { writer in
                            while !Task.isCancelled {
                                try await writer.write(ByteBuffer(string: ": here\n\n"))
                                try await Task.sleep(for: .milliseconds(20))
                            }
                        })
                },
                .health("/livez", checks: []),
            ])
        let token = try await server.token(.read)
        let other = try await server.token(.read)
        func follow() throws -> ChildProcess {
            try ChildProcess(
                "curl",
                [
                    "-sN", http2 ? "--http2" : "--http1.1", "--cacert", server.certificate, "-H",
                    "Authorization: Bearer \(token)", "https://127.0.0.1:\(server.port)/stream",
                ])
        }
        let followers = [try follow(), try follow()]
        for follower in followers { _ = try await follower.line { $0 == ": here" } }
        let curl = Curl(server, http2: http2)
        let refused = try await curl.get("/stream", token: token)
        #expect(refused.status == 429)
        #expect(refused.json?["reason"]?.string == "streams_of_credential_taken")
        #expect(refused.header("retry-after") == "5")
        #expect(try await curl.get("/livez").status == 200)
        // Another credential still gets one.
        let second = try await curl.get("/stream", token: other, "--max-time", "1")
        #expect(second.status == 200)
        for follower in followers { follower.kill() }
        try await eventually("the places are free") { server.taken("streams") == 0 }
    }
}
