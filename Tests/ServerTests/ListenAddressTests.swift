import Testing

@testable import Server

@Suite struct ListenAddressTests {
    @Test("one socket serves every address if there is IPv6, else every IPv4 address")
    func bound() {
        let every = ListenAddress(host: "", port: 8443)
        #expect(every.bound(hasIPv6: true) == "::")
        #expect(every.bound(hasIPv6: false) == "0.0.0.0")
        #expect(ListenAddress(host: "::1", port: 1).bound(hasIPv6: true) == "::1")
    }

    @Test("is printed as configured, and as a client on this machine can use it")
    func shown() {
        for (host, text, local) in [
            ("", ":8443", "localhost:8443"), ("::", "[::]:8443", "localhost:8443"),
            ("0.0.0.0", "0.0.0.0:8443", "localhost:8443"), ("::1", "[::1]:8443", "[::1]:8443"),
            ("gw.example", "gw.example:8443", "gw.example:8443"),
        ] {
            let address = ListenAddress(host: host, port: 8443)
            #expect(address.description == text)
            #expect(address.local == local)
        }
    }
}
