import Testing

@testable import Server

@Suite struct ListenAddressTests {
    @Test("every address is bound as one socket where there is IPv6, else as IPv4's")
    func bound() {
        let every = ListenAddress(host: "", port: 8443)
        #expect(every.bound(hasIPv6: true) == "::")
        #expect(every.bound(hasIPv6: false) == "0.0.0.0")
        #expect(ListenAddress(host: "::1", port: 1).bound(hasIPv6: true) == "::1")
    }

    @Test("is shown as it is written, and as a caller on this machine reaches it")
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
