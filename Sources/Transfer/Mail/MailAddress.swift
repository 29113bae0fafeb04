import Core

/// Validates the addresses of an envelope and of address headers.
public enum MailAddress {
    /// Why `address` cannot be used, as the end of a sentence; nil if it is valid.
    ///
    /// Accepts `dot-atom@domain` and `dot-atom@[address literal]` in ASCII with the lengths of RFC
    /// 5321 §4.5.3.1. Quoted local parts, internationalised mailboxes (RFC 6531) and source routes
    /// are refused: they are not needed here, and each can be used for injection.
    public static func fault(in address: String) -> String? {
        let bytes = Array(address.utf8)
        guard !bytes.isEmpty else { return "is empty" }
        guard bytes.count <= 254 else { return "is longer than 254 bytes" }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return "holds a space, a control character or a character outside ASCII"
        }
        guard let at = bytes.lastIndex(of: UInt8(ascii: "@")) else { return "has no @" }
        let local = bytes[..<at]
        let domain = bytes[(at + 1)...]
        guard !local.isEmpty, local.count <= 64 else {
            return "has no name of 1 to 64 bytes before @"
        }
        guard isDotAtom(local) else { return "has a character before @ that needs quoting" }
        guard isDomain(domain) else { return "has no domain after @" }
        return nil
    }

    /// Whether these bytes are a dot-atom (RFC 5322 §3.2.3).
    private static func isDotAtom(_ bytes: ArraySlice<UInt8>) -> Bool {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.allSatisfy { part in
            !part.isEmpty
                && part.allSatisfy(\.isAtomText)
        }
    }

    static func isDomain(_ bytes: ArraySlice<UInt8>) -> Bool {
        if bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]") {
            let inside = bytes.dropFirst().dropLast()
            return !inside.isEmpty
                && inside.allSatisfy { $0.isAlphanumeric || ".:".utf8.contains($0) }
        }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-")
                && label.last != UInt8(ascii: "-")
                && label.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") }
        }
    }
}

/// Validates the message that follows DATA.
enum MailMessage {
    /// Why these bytes cannot be sent; nil if they are valid. A bare CR or LF makes some servers
    /// see an end of message that was not sent (SMTP smuggling).
    static func fault(in message: [UInt8]) -> String? {
        guard message.count >= 2, message.suffix(2).elementsEqual([0x0D, 0x0A]) else {
            return "the message does not end in CRLF"
        }
        var length = 0
        var previous: UInt8 = 0
        for byte in message {
            switch byte {
            case 0: return "the message holds a NUL"
            case 0x0A where previous != 0x0D: return "the message holds a bare LF"
            case 0x0A: length = 0
            case _ where previous == 0x0D: return "the message holds a bare CR"
            case 0x0D: break
            default:
                length += 1
                guard length <= 998 else { return "the message has a line of more than 998 bytes" }
            }
            previous = byte
        }
        return nil
    }
}
