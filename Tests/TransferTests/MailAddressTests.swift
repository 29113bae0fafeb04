import Testing
import Transfer

@Suite("Mail addresses")
struct MailAddressTests {
    @Test(
        "ordinary addresses are accepted",
        arguments: [
            "a@b", "oncall@example.com", "a.b+tag@mail.example.co.uk", "o'brien@example.com",
            "x@[192.0.2.1]", "x@[IPv6:2001:db8::1]", "x@xn--bcher-kva.example",
        ])
    func good(address: String) {
        #expect(MailAddress.fault(in: address) == nil)
    }

    @Test("invalid addresses, and those that could inject text, are refused")
    func bad() {
        let addresses = [
            "", "a", "@b", "a@", "a@b\r\nDATA", "a@b\nRCPT TO:<c@d>", "a\0@b", "a b@c", "<a@b>",
            "a@b>", "a@b> SIZE=1", "a@b,c@d", "\"a b\"@c", "a@b@c d", "ä@b", "a@ü.example",
            "a..b@c", ".a@b", "a.@b", "a@-b", "a@b-", "a@b..c", "a@[]", "a@[1;2]", "a@b\t",
            "@relay:a@b", "a@b\u{2028}", "a\u{7F}@b",
        ]
        for address in addresses {
            #expect(MailAddress.fault(in: address) != nil, "\(address.debugDescription)")
        }
    }

    @Test("the length limits of RFC 5321")
    func lengths() {
        let local = String(repeating: "l", count: 64)
        let label = String(repeating: "d", count: 63)
        #expect(MailAddress.fault(in: "\(local)@\(label).\(label)") == nil)
        #expect(MailAddress.fault(in: "l\(local)@b") != nil)
        #expect(MailAddress.fault(in: "a@d\(label)") != nil)
        #expect(
            MailAddress.fault(in: "\(local)@\(label).\(label).\(label).com") != nil)
    }
}
