import HTTPTypes
import Testing

@testable import Server

@Suite struct RouteTableTests {
    private func route(_ method: HTTPRequest.Method, _ path: String) -> Route {
        Route(method, path, access: .open) { _ in .bytes([]) }
    }

    private func find(
        _ table: RouteTable, _ method: HTTPRequest.Method, _ path: String
    ) -> String {
        switch table.find(method, path) {
        case .found(let route, let parameters):
            route.path
                + parameters.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
                .joined()
        case .wrongMethod(_, let allowed): "405 \(allowed)"
        case .unknown: "404"
        }
    }

    @Test func findsLiteralsBeforePatterns() {
        let table = RouteTable([
            route(.get, "/a/{x}"), route(.get, "/a/b"), route(.post, "/a/b"),
            route(.delete, "/a/{x}/{y}"), route(.get, "/"),
        ])
        #expect(find(table, .get, "/a/b") == "/a/b")
        #expect(find(table, .get, "/a/c") == "/a/{x} x=c")
        #expect(find(table, .get, "/a/c%2Fd") == "/a/{x} x=c/d")
        #expect(find(table, .delete, "/a/1/2") == "/a/{x}/{y} x=1 y=2")
        #expect(find(table, .get, "/") == "/")
        #expect(find(table, .head, "/a/b") == "/a/b")
        #expect(find(table, .put, "/a/b") == "405 GET, HEAD, POST")
        #expect(find(table, .put, "/a/c") == "405 GET, HEAD")
        for path in ["/a", "/a/", "/a/%zz", "/a/b/", "//a/b", "", "/A/b", "/a/c/d/e"] {
            #expect(find(table, .get, path) == "404" || path == "/a/b/")
        }
        #expect(find(table, .get, "/a/b/") == "404")
    }
}

@Suite struct HostPolicyTests {
    @Test func namesAreComparedAsNames() {
        let policy = HostPolicy(["Gw.Example", "10.0.0.1:8443", "[::1]", "::2"])
        for host in [
            "gw.example", "GW.EXAMPLE:8443", "gw.example.", "10.0.0.1", "[::1]:99", "[::2]",
        ] {
            #expect(policy.admits(authority: host, serverName: nil), "\(host)")
        }
        for host in ["", "example", "gw.example.evil", "10.0.0.2", "[::3]"] {
            #expect(!policy.admits(authority: host, serverName: nil), "\(host)")
        }
        #expect(!policy.admits(authority: nil, serverName: nil))
        #expect(policy.admits(authority: "gw.example", serverName: "gw.example"))
        #expect(!policy.admits(authority: "gw.example", serverName: "other"))
        #expect(HostPolicy([]).admits(authority: nil, serverName: "any"))
    }
}

@Suite struct HTTPDateTests {
    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (1_795_413_600, "Mon, 23 Nov 2026 06:00:00 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        (.max, "Fri, 31 Dec 9999 23:59:59 GMT"), (.min, "Mon, 01 Jan 0001 00:00:00 GMT"),
    ])
    func isTheFixedFormat(second: Int, text: String) {
        #expect(HTTPDate.text(second: Int64(second)) == text)
    }
}
