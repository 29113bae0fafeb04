import Core

/// A mail server's answer to a command.
public struct SMTPAnswer: Sendable, Equatable {
    /// The reply code, 200 to 599.
    public let code: Int
    /// The enhanced status code (RFC 3463), such as `5.1.1`; empty if there is none.
    public let enhanced: String
    /// The server's text without the codes: one printable line, at most 300 characters.
    public let words: String

    public init(code: Int, enhanced: String, words: String) {
        self.code = code
        self.enhanced = enhanced
        self.words = InertText.line(words, limit: 300)
    }

    /// Whether the code is 5yz, so that a retry does not help (RFC 5321 §4.2.1).
    public var isPermanent: Bool { (500...599).contains(code) }
    public var isSuccess: Bool { (200...299).contains(code) }
}

/// The commands and answers of a conversation, from libcurl's debug callback.
///
/// Credentials are not recorded: of the sent lines only known commands are kept, and of AUTH only
/// the mechanism.
struct SMTPConversation: Sendable {
    struct Turn: Sendable {
        /// The command, such as `RCPT TO:<a@b>`; empty for the server's greeting.
        let command: String
        /// The last complete answer to it, including 3yz.
        var answer: SMTPAnswer?

        var verb: String { String(command.prefix { $0 != " " }) }
    }

    var hasQuit: Bool { turns.last?.verb == "QUIT" }

    /// The answer to DATA: 354, then the one for the message; nil before DATA.
    var finalAnswer: SMTPAnswer? { turns.last { $0.verb == "DATA" }?.answer }

    /// The AUTH mechanisms that the server offered last; at most 20.
    private(set) var mechanisms: [String] = []

    private(set) var turns: [Turn] = [Turn(command: "")]
    /// The lines of an answer that is not complete yet.
    private var pending: [String] = []

    /// The maximum number of turns; further ones are not recorded. Limits the memory that a peer
    /// can use.
    private static let longest = 10_000
    private static let known: Set<String> = [
        "EHLO", "HELO", "STARTTLS", "MAIL", "RCPT", "DATA", "QUIT", "NOOP", "RSET",
    ]

    mutating func sent(_ raw: UnsafeRawBufferPointer) {
        guard turns.count < Self.longest else { return }
        let line = InertText.line(String(decoding: raw, as: UTF8.self), limit: 400)
        // A continuation of AUTH is a credential; its answer belongs to the AUTH turn.
        if let last = turns.last, last.verb == "AUTH", last.answer?.code ?? 334 == 334 { return }
        let verb = line.prefix { $0 != " " }.uppercased()
        if Self.known.contains(verb) {
            turns.append(Turn(command: line))
        } else if verb == "AUTH" {
            let mechanism = line.split(separator: " ").dropFirst().first ?? ""
            turns.append(Turn(command: "AUTH \(mechanism)"))
        }
    }

    mutating func received(_ raw: UnsafeRawBufferPointer) {
        // `250-text` continues an answer; `250 text` or `250` ends it.
        guard raw.count >= 3, let code = Int(String(decoding: raw.prefix(3), as: UTF8.self)),
            (200...599).contains(code)
        else { return }
        let continues = raw.count > 3 && raw[3] == UInt8(ascii: "-")
        if pending.count < 50 {
            pending.append(
                InertText.line(
                    String(decoding: raw.dropFirst(4).prefix(1000), as: UTF8.self), limit: 300))
        }
        guard !continues else { return }
        if turns.last?.verb == "EHLO" {
            // `AUTH PLAIN LOGIN`, and `AUTH=PLAIN LOGIN` of old servers.
            let offer = pending.first { $0.uppercased().hasPrefix("AUTH") }
            mechanisms = (offer?.split { $0 == " " || $0 == "=" }.dropFirst() ?? [])
                .prefix(20).map { $0.prefix(30).uppercased() }
        }
        let lines = pending.map(Self.separate)
        pending = []
        turns[turns.count - 1].answer = SMTPAnswer(
            code: code, enhanced: lines.first?.enhanced ?? "",
            words: lines.map(\.words).joined(separator: " "))
    }

    /// Separates an enhanced status code from its text: `5.1.1 words` (RFC 3463 §2, RFC 2034 §4).
    private static func separate(_ line: String) -> (enhanced: String, words: String) {
        let first = line.prefix { $0 != " " }
        let parts = first.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, ["2", "4", "5"].contains(parts[0]),
            parts.allSatisfy({ (1...3).contains($0.count) && $0.allSatisfy(\.isNumber) })
        else { return ("", line) }
        return (String(first), String(line.dropFirst(first.count + 1)))
    }
}
