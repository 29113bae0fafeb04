import CCurl
import Core

/// A mail server's answers to a message, per recipient.
public struct MailReply: Sendable {
    /// The step of the conversation at which the server gave its final answer.
    public enum Stage: String, Sendable {
        case greeting, authentication, sender, recipient, message
    }

    public struct Outcome: Sendable, Equatable {
        public let recipient: String
        /// The server's answer for this recipient. A success means that the server has taken
        /// responsibility for the delivery.
        public let answer: SMTPAnswer
        public let stage: Stage

        public var isDelivered: Bool { answer.isSuccess }
    }

    /// One turn of the conversation, without credentials.
    public struct Step: Sendable, Equatable {
        /// Empty for the server's greeting.
        public let command: String
        public let answer: SMTPAnswer?
    }

    /// One per recipient, in the order of the transfer's recipients.
    public let outcomes: [Outcome]
    public let conversation: [Step]
    public let timings: TransferTimings
}

extension MailReply {
    /// Reads the outcome from the conversation. Throws if the server gave no final answer.
    init(
        _ finished: Finished, _ transfer: MailTransfer, _ endpoint: Endpoint
    ) throws(TransferError) {
        let scrub = Scrub([transfer.password, transfer.token])
        let turns = finished.conversation.turns
        conversation = turns.filter { $0.answer != nil || !$0.command.isEmpty }.map {
            Step(command: $0.command, answer: $0.answer.map(scrub.clean))
        }
        timings = finished.timings

        let recipients = turns.filter { $0.verb == "RCPT" }.map(\.answer)
        let message = finished.conversation.finalAnswer
        func outcome(_ recipient: String, _ answer: SMTPAnswer, _ stage: Stage) -> Outcome {
            Outcome(recipient: recipient, answer: scrub.clean(answer), stage: stage)
        }

        if let message, message.code != 354 {
            // The message was sent; refused recipients keep their own answer.
            outcomes = transfer.recipients.enumerated().map { index, recipient in
                let own = recipients.indices.contains(index) ? recipients[index] : nil
                if let own, !own.isSuccess { return outcome(recipient, own, .recipient) }
                return outcome(recipient, message, .message)
            }
            return
        }
        if finished.code != CURLE_OK, recipients.count == transfer.recipients.count,
            case let answers = recipients.compactMap({ $0 }), answers.count == recipients.count,
            answers.allSatisfy({ $0.code >= 400 })
        {
            outcomes = zip(transfer.recipients, answers).map { outcome($0, $1, .recipient) }
            return
        }
        // The server refused the whole transfer if its last answer is an error.
        if let last = turns.last(where: { $0.verb != "QUIT" }), let answer = last.answer,
            answer.code >= 400,
            let stage = Self.stage(of: last)
        {
            outcomes = transfer.recipients.map { outcome($0, answer, stage) }
            return
        }
        if finished.code == CURLE_LOGIN_DENIED, !turns.contains(where: { $0.verb == "AUTH" }) {
            let wanted = transfer.authentication.mechanisms(withToken: !transfer.token.isEmpty)
            let offered = finished.conversation.mechanisms.joined(separator: " ")
            throw TransferError(
                .protocolFault, target: endpoint.target,
                words: "the server offers AUTH \(offered), and none of them is "
                    + wanted.joined(separator: ", ")
                    + "; see the receiver's keys auth, password_file "
                    + "and oauth_token_file")
        }
        if finished.code == CURLE_LOGIN_DENIED,
            let challenge = turns.last(where: { $0.verb == "AUTH" })?.answer, challenge.code == 334
        {
            // Servers send the reason for refusing a token in a challenge, and the failure code
            // only after the client answers the challenge.
            throw TransferError(
                .protocolFault, target: endpoint.target,
                words: "the server refuses the token: "
                    + scrub.clean(InertText.line(Self.decoded(challenge.words), limit: 300)))
        }
        let fault = finished.fault(endpoint.target)
        throw TransferError(
            fault?.kind ?? .protocolFault, target: endpoint.target,
            words: scrub.clean(fault?.words ?? "the server never answered the message"))
    }

    /// Decodes a base64 challenge, up to the first character that is not base64.
    private static func decoded(_ text: String) -> String {
        let alphabet = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in text.utf8 {
            guard let digit = alphabet.firstIndex(of: byte) else { break }
            bits = bits << 6 | UInt32(digit)
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The stage of a turn; nil if a refusal there does not end the conversation.
    private static func stage(of turn: SMTPConversation.Turn) -> Stage? {
        switch turn.verb {
        case "", "EHLO", "HELO": .greeting
        case "AUTH": .authentication
        case "MAIL": .sender
        case "RCPT": .recipient
        case "DATA": .message
        default: nil
        }
    }
}

/// Replaces secrets in text that a peer echoes.
struct Scrub {
    private let secrets: [String]

    init(_ secrets: [String]) { self.secrets = secrets.filter { !$0.isEmpty } }

    func clean(_ text: String) -> String {
        secrets.reduce(text) {
            $0.split(separator: $1, omittingEmptySubsequences: false).joined(separator: "***")
        }
    }

    func clean(_ answer: SMTPAnswer) -> SMTPAnswer {
        SMTPAnswer(code: answer.code, enhanced: answer.enhanced, words: clean(answer.words))
    }
}
