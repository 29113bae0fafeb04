import JSON
import TestSupport
import Testing

@testable import Server

/// A base address that ends with a slash leads to `//path`.
@Suite("The normalized path")
struct MeantPathTests {
    @Test(
        "has no empty segments and is otherwise unchanged",
        arguments: [
            ("/", "/"), ("//", "/"), ("///", "/"), ("/a", "/a"), ("/a/", "/a"), ("//a", "/a"),
            ("/a//b", "/a/b"), ("//a///b//", "/a/b"), ("/a/b", "/a/b"), ("/a/%2F/", "/a/%2F"),
            ("/a%2F%2Fb", "/a%2F%2Fb"), ("/a/./b", "/a/./b"), ("", ""), ("*", "*"),
            ("a//b", "a//b"),
        ])
    func meant(path: String, expected: String) {
        #expect(RequestContext.meant(path[...]) == expected)
    }

    @Test(
        "is the same to routing, credentials, refusals and metrics", arguments: [false, true])
    func everywhere(http2: Bool) async throws {
        let server = try await RunningServer()
        let curl = Curl(server, http2: http2)
        let token = try await server.token(.analysis)
        for path in ["//rollouts/analysis", "/rollouts/analysis/", "/rollouts//analysis"] {
            #expect(try await curl.post(path, token: token, text: "{}").text == "{}", "\(path)")
            let stranger = try await curl.post(path, text: "{}")
            #expect(stranger.status == 401, "\(path)")
            let method = try await curl.get(path, "-X", "DELETE")
            #expect(method.header("allow") == "GET, HEAD, POST", "\(path)")
        }
        let query = try await curl.get("//rollouts/analysis/?a=b//c/", token: token)
        #expect(query.text == "a=b//c/")
        let concern = try await curl.post(
            "/rollouts//analysis//lat%65ncy/", token: token, text: "{}")
        #expect(concern.text == "latency")
        #expect(try await curl.get("//livez/").status == 200)
        #expect(try await curl.get("//").text == "sign in")
        #expect(try await curl.get("//nowhere/").json?["reason"]?.string == "not_found")
        #expect(server.refusals.all.last?.path == "/nowhere")
        let page = try await curl.get("/metrics//").text
        for (route, status, count) in [
            ("/rollouts/analysis", 200, 4), ("/rollouts/analysis", 401, 3),
            ("/rollouts/analysis/{concern}", 200, 1), ("/livez", 200, 1), ("none", 404, 1),
        ] {
            let series =
                #"bellwether_http_requests_total{route="\#(route)",status="\#(status)"} \#(count)"#
            #expect(page.contains(series), "\(series)")
        }
    }

    @Test("applies to absolute targets too")
    func absolute() async throws {
        let server = try await RunningServer()
        let client = try await RawClient.connect(server)
        try await client.send("GET https://a//livez/ HTTP/1.1\r\nHost: a\r\n\r\n")
        try await client.receives(#""status":"pass""#)
    }
}
