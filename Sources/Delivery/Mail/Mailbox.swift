import Core
import Transfer

/// A mail address with an optional display name: `On call <oncall@example.com>`.
public struct Mailbox: Sendable, Hashable {
    /// The display name, any printable text; empty if there is none.
    public let name: String
    /// The address `name@host`, safe in headers and envelopes.
    public let address: String

    /// Parses `address`, `Name <address>` or `"Name" <address>`.
    public init(_ text: String) throws(MailboxFault) {
        var name = ""
        var address = text
        if text.hasSuffix(">"), let open = text.lastIndex(of: "<") {
            name = String(text[..<open])
            address = String(text[text.index(after: open)...].dropLast())
        }
        while name.last == " " { name.removeLast() }
        if name.count >= 2, name.hasPrefix("\""), name.hasSuffix("\"") {
            name = String(name.dropFirst().dropLast())
        }
        if let fault = MailAddress.fault(in: address) {
            throw MailboxFault(text: InertText.line(text, limit: 100), fault: fault)
        }
        guard name == InertText.line(name, limit: 100) else {
            throw MailboxFault(
                text: InertText.line(text, limit: 100),
                fault: "has a name with characters that cannot be shown, or longer than 100")
        }
        self.name = name
        self.address = address
    }

    var domain: String { String(address.split(separator: "@").last ?? "localhost") }

    /// The words of the mailbox in a From or To header.
    var header: [String] {
        name.isEmpty ? [address] : InertText.mailName(name) + ["<\(address)>"]
    }
}

public struct MailboxFault: Error, Sendable, Equatable, CustomStringConvertible {
    public let text: String
    public let fault: String

    public var description: String {
        "address '\(text)' \(fault); write name@host or Name <name@host>"
    }
}
