/// What a mail server answered to a command.
public struct SMTPAnswer: Sendable, Equatable {
    /// The reply code, 200 to 599.
    public let code: Int
    /// The enhanced status code of RFC 3463, `5.1.1`; empty when not given.
    public let enhanced: String
    /// The server's words without the codes: one printable line, at most 300 characters.
    public let words: String

    public init(code: Int, enhanced: String, words: String) {
        self.code = code
        self.enhanced = enhanced
        self.words = words.printableLine(atMost: 300)
    }

    /// 5yz: trying again will not help (RFC 5321 §4.2.1).
    public var isPermanent: Bool { (500...599).contains(code) }
    public var isSuccess: Bool { (200...299).contains(code) }
}

/// What both sides said, as libcurl's debug callback hears it.
///
/// Credentials are never kept: of what we send only commands of a known list
/// are recorded, of AUTH only the mechanism.
struct SMTPConversation: Sendable {
    struct Turn: Sendable {
        /// What we said, `RCPT TO:<a@b>`; `` is the server's greeting.
        let command: String
        /// The last complete answer to it; a 3yz is kept too.
        var answer: SMTPAnswer?

        var verb: String { String(command.prefix { $0 != " " }) }
    }

    var hasQuit: Bool { turns.last?.verb == "QUIT" }

    /// The answer to DATA: 354, then what became of the message; nil before DATA.
    var finalAnswer: SMTPAnswer? { turns.last { $0.verb == "DATA" }?.answer }

    /// What the server last offered for AUTH; printable, at most 20.
    private(set) var mechanisms: [String] = []

    private(set) var turns: [Turn] = [Turn(command: "")]
    /// Lines of an answer that is not complete yet.
    private var pending: [String] = []

    /// More turns than this come from a peer that means harm.
    private static let longest = 10_000
    private static let known: Set<String> = [
        "EHLO", "HELO", "STARTTLS", "MAIL", "RCPT", "DATA", "QUIT", "NOOP", "RSET",
    ]

    mutating func sent(_ raw: UnsafeRawBufferPointer) {
        guard turns.count < Self.longest else { return }
        let line = String(decoding: raw, as: UTF8.self).printableLine(atMost: 400)
        // What continues an AUTH is a credential; its answer belongs to that turn.
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
        // `250-text` continues, `250 text` (or `250`) ends an answer.
        guard raw.count >= 3, let code = Int(String(decoding: raw.prefix(3), as: UTF8.self)),
            (200...599).contains(code)
        else { return }
        let continues = raw.count > 3 && raw[3] == UInt8(ascii: "-")
        if pending.count < 50 {
            pending.append(
                String(decoding: raw.dropFirst(4).prefix(1000), as: UTF8.self)
                    .printableLine(atMost: 300))
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

    /// RFC 3463 §2 and RFC 2034 §4: `5.1.1 words`.
    private static func separate(_ line: String) -> (enhanced: String, words: String) {
        let first = line.prefix { $0 != " " }
        let parts = first.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, ["2", "4", "5"].contains(parts[0]),
            parts.allSatisfy({ (1...3).contains($0.count) && $0.allSatisfy(\.isNumber) })
        else { return ("", line) }
        return (String(first), String(line.dropFirst(first.count + 1)))
    }
}
