import Testing

@testable import Settings

@Suite("Listen address")
struct ListenEndpointTests {
    @Test(
        "all forms of host and port",
        arguments: [
            ("127.0.0.1:8443", "127.0.0.1", 8443), ("[::1]:8443", "::1", 8443),
            ("localhost:0", "localhost", 0), (":65535", "", 65535), ("[::]:1", "::", 1),
            ("0.0.0.0:8443", "0.0.0.0", 8443), ("gw-1.example.:8443", "gw-1.example.", 8443),
            ("[::ffff:10.0.0.1]:1", "::ffff:10.0.0.1", 1), ("gw1:1", "gw1", 1),
            ("1password.example:1", "1password.example", 1),
        ])
    func reads(text: String, host: String, port: Int) throws {
        let endpoint = try ListenEndpoint(text)
        #expect(endpoint.host == host)
        #expect(endpoint.port == port)
    }

    @Test(
        "invalid addresses are refused with a remedy",
        arguments: [
            ("", "host:port"), ("localhost", "host:port"), ("localhost:", "host:port"),
            ("a:65536", "0 to 65535"), ("a:-1", "host:port"), ("a:+1", "host:port"),
            ("a:b", "host:port"), ("a b:1", "host:port"), ("8443", "write :8443 for every address"),
            ("*:8443", ":port for every"), ("*", ":port for every"),
            ("https://0.0.0.0:8443", "without a scheme"), ("0.0.0.0:8443/", "without a path"),
            ("::1:8443", "[::1]:8443"), ("::", "[::1]:8443"), ("[::1]8443", "host:port"),
            ("[::1", "host:port"), ("[::1]", "host:port"), ("[fe80::1%eth0]:1", "without a zone"),
            ("[1.2.3.4]:1", "IPv6 address in the brackets"), ("[::g]:1", "host:port"),
            ("[:::]:1", "IPv6 address in the brackets"), ("256.0.0.1:1", "0 to 255"),
            ("1.2.3:1", "0 to 255"), ("1.2.3.4.5:1", "0 to 255"), ("10:1", "0 to 255"),
            ("224.0.0.1:1", "multicast"), ("255.255.255.255:1", "multicast"),
            ("[ff02::1]:1", "multicast"), ("a..b:1", "host name"), (".a:1", "host name"),
        ])
    func refuses(text: String, remedy: String) {
        do throws(ListenEndpoint.Malformed) {
            _ = try ListenEndpoint(text)
            Issue.record("\(text) is taken")
        } catch { #expect(error.remedy.contains(remedy), "\(error.remedy)") }
    }

    @Test("a configuration without a valid address has no endpoint")
    func settings() {
        var listen = Settings.Listen()
        #expect(listen.endpoint == (try? ListenEndpoint("127.0.0.1:8443")))
        listen.address = "nowhere"
        #expect(listen.endpoint == nil)
    }
}
