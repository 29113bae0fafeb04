import Testing

@testable import Serving

@Suite struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:8443", "127.0.0.1", 8443), ("[::1]:8443", "::1", 8443),
        ("localhost:0", "localhost", 0), (":65535", "0.0.0.0", 65535), ("[::]:1", "::", 1),
    ])
    func reads(text: String, host: String, port: Int) throws {
        let address = try ListenAddress(parsing: text)
        #expect(address == ListenAddress(host: host, port: port))
        #expect(try ListenAddress(parsing: address.description) == address)
    }

    @Test(arguments: [
        "", "localhost", "localhost:", "a:65536", "a:-1", "a:+1", "::1:8443", "[::1]8443", "[::1",
        "a:b",
    ])
    func refuses(text: String) {
        #expect(throws: ServingError.self) { try ListenAddress(parsing: text) }
    }
}
