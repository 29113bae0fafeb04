import NIOCore
import NIOHTTP1
import Testing

@testable import Server

@Suite("The address that a client connected to")
struct RequestTargetTests {
    @Test("replaces the missing host of HTTP/1.0")
    func oldest() throws {
        var head = HTTPRequestHead(version: .http1_0, method: .GET, uri: "/")
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 8443)
        RequestTarget.normalize(&head, local: address)
        #expect(head.headers["host"] == ["127.0.0.1:8443"])
    }

    @Test("is not looked up for a request that names its host, which would cost a system call")
    func named() {
        for version in [HTTPVersion.http1_0, .http1_1] {
            var head = HTTPRequestHead(
                version: version, method: .POST, uri: "/", headers: ["Host": "node"])
            var lookups = 0
            func address() -> SocketAddress? {
                lookups += 1
                return nil
            }
            RequestTarget.normalize(&head, local: address())
            #expect(lookups == 0)
            #expect(head.headers["host"] == ["node"])
        }
    }
}
