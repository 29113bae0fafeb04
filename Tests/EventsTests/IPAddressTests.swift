import Events
import Testing

@Suite("IP addresses")
struct IPAddressTests {
    @Test("an IPv4 peer of a dual-stack socket is written as an IPv4 address")
    func unmapped() {
        for (text, expected) in [
            ("::ffff:10.0.0.1", "10.0.0.1"), ("::FFFF:10.0.0.1", "10.0.0.1"),
            ("10.0.0.1", "10.0.0.1"), ("::1", "::1"), ("::ffff:a00:1", "::ffff:a00:1"),
            ("::ffff:300.0.0.1", "::ffff:300.0.0.1"), ("unknown", "unknown"), ("", ""),
        ] {
            #expect(IPAddress.unmapped(text) == expected)
        }
    }
}
