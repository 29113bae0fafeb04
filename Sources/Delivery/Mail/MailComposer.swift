import Core
import Events
import Rendering

/// Composes the mail of a digest; the same digest always gives the same bytes.
///
/// Lines are seven-bit, end in CRLF, and have at most 78 bytes where words allow it, never more
/// than 998. `Message-ID` derives from the digest's id and `References` from the incident's, so
/// mail programs group an incident and recognize a repeat.
struct MailComposer {
    let from: Mailbox
    let to: [Mailbox]
    /// The receiver's name, for filters.
    let list: String

    func compose(_ digest: RenderedDigest) -> [UInt8] {
        let id = IdentifierText.safe(digest.id)
        let root = "<thread.\(IdentifierText.safe(digest.thread))@\(domain)>"
        // `=_` cannot occur in quoted-printable (RFC 2045 §6.7).
        let boundary = "=_bellwether_" + ContentHash.hex(digest.id.utf8).prefix(32)

        var head = Self.line("From", from.header)
        head += Self.line("To", addresses)
        head += Self.line("Subject", InertText.mailHeader(digest.subject))
        head += Self.line("Thread-Topic", InertText.mailHeader(Self.topic(digest.subject)))
        head += Self.line("Date", [Self.date(digest.composedAt)])
        head += Self.line("Message-ID", ["<\(id)@\(domain)>"])
        head += Self.line("In-Reply-To", [root])
        head += Self.line("References", [root])
        head += Self.line("List-Id", listID)
        head += Self.line("Auto-Submitted", ["auto-generated"])
        head += Self.line("X-Auto-Response-Suppress", ["All"])
        head += Self.line("X-Bellwether-Digest", [id])
        head += Self.line("MIME-Version", ["1.0"])
        head += Self.line(
            "Content-Type", ["multipart/alternative;", "boundary=\"\(boundary)\""])

        var message = Array(head.utf8)
        message += Array("\r\n".utf8)
        for (type, text) in [("text/plain", digest.text), ("text/html", digest.html)] {
            message += Array(
                """
                --\(boundary)\r
                Content-Type: \(type); charset=utf-8\r
                Content-Transfer-Encoding: quoted-printable\r
                \r\n
                """.utf8)
            message += QuotedPrintable.encode(text)
            message += Array("\r\n".utf8)
        }
        message += Array("--\(boundary)--\r\n".utf8)
        return message
    }

    /// A header line `Name: words`, folded to at most 78 columns where the words allow.
    static func line(_ name: String, _ words: [String]) -> String {
        var out = name + ":"
        var column = out.utf8.count
        for word in words {
            if column + 1 + word.utf8.count > 78, column > name.utf8.count + 1 {
                out += "\r\n"
                column = 0
            }
            out += " " + word
            column += 1 + word.utf8.count
        }
        return out + "\r\n"
    }

    /// The subject without the state in front, the same for a whole incident: Outlook groups by it.
    static func topic(_ subject: String) -> String {
        guard subject.hasPrefix("["), let end = subject.firstIndex(of: "]") else { return subject }
        let rest = subject[subject.index(after: end)...].drop { $0 == " " }
        return rest.isEmpty ? subject : String(rest)
    }

    /// The domain of the generated ids; replaced if the sender's is an address literal.
    private var domain: String { from.domain.hasPrefix("[") ? "bellwether.invalid" : from.domain }

    private var addresses: [String] {
        guard !to.isEmpty else { return ["undisclosed-recipients:;"] }
        var words: [String] = []
        for (index, mailbox) in to.enumerated() {
            var header = mailbox.header
            if index < to.count - 1 { header[header.count - 1] += "," }
            words += header
        }
        return words
    }

    /// The `List-Id` (RFC 2919): a name for people and an id for filters.
    private var listID: [String] {
        InertText.mailName("Bellwether \(list)")
            + ["<\(IdentifierText.safe(list.lowercased())).bellwether.\(domain)>"]
    }

    /// The date as in RFC 5322 §3.3, in UTC.
    static func date(_ said: Timestamp) -> String {
        // Years in the header have four digits, so the date is limited to 0001 to 9999.
        let first = Timestamp(milliseconds: -62_135_596_800_000)
        let moment = min(max(said, first), Timestamp.range.upperBound)
        let iso = Array(moment.rfc3339)
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]  // 1970-01-01 was a Thursday.
        let day = Int(
            (moment.milliseconds - (moment.milliseconds % 86_400_000 + 86_400_000) % 86_400_000)
                / 86_400_000)
        let month = Int(String(iso[5...6])).map { months[$0 - 1] } ?? ""
        return "\(days[((day % 7) + 7) % 7]), \(String(iso[8...9])) \(month) \(String(iso[0...3])) "
            + "\(String(iso[11...18])) +0000"
    }
}
