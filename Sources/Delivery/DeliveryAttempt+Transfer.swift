import Core
import Events
import Secrets
import Transfer

extension DeliveryAttempt {
    /// The result of a transfer that got no answer.
    ///
    /// An invalid request is refused, and a cancelled transfer does not count. All other errors are
    /// retried.
    init(_ error: TransferError, for recipients: [String]) {
        let outcome: Outcome =
            switch error.kind {
            case .invalid: .refused
            case .cancelled: .interrupted
            default: .retry(after: nil)
            }
        self.init(
            outcome, "\(error)", for: recipients,
            steps: [DeliveryStep("reach \(error.target)", succeeded: false, words: error.words)])
    }

    /// The result when a credential cannot be read; it may be readable at the next try.
    init(_ error: SecretFault, for recipients: [String]) {
        self.init(
            .retry(after: nil), "\(error)", for: recipients,
            steps: [
                DeliveryStep("read \(error.source)", succeeded: false, words: error.fault)
            ])
    }

    /// What the status of an answer means.
    enum Meaning {
        case sent
        case retry
        case refused

        /// Any 2xx is success; 408, 425, 429 and 5xx are retried; all others are refusals.
        init(status: Int) {
            switch status {
            case 200..<300: self = .sent
            case 408, 425, 429, 500..<600: self = .retry
            default: self = .refused
            }
        }
    }

    /// The result of a web service's answer; the words quote its body without `secrets`.
    ///
    /// - Parameters:
    ///   - meaning: nil: that of the status. Answers for which `isTransient` returns true are
    ///     retried.
    ///   - mark: State for the next digest of the thread, if the digest was sent.
    init(
        _ reply: HTTPReply, secrets: [String], for recipients: [String], method: String = "POST",
        mark: String = "", meaning: Meaning? = nil,
        isTransient: (Int, String) -> Bool = { _, _ in false }
    ) {
        var body = String(decoding: reply.body, as: UTF8.self)
        for secret in secrets where !secret.isEmpty && secret.utf8.count <= body.utf8.count {
            body = body.split(separator: secret, omittingEmptySubsequences: false)
                .joined(separator: "***")
        }
        let word = InertText.line(body, limit: 200)
        let words = word.isEmpty ? "\(reply.status)" : "\(reply.status) \(word)"
        var meaning = meaning ?? Meaning(status: reply.status)
        if meaning == .refused, isTransient(reply.status, word) { meaning = .retry }
        let outcome: Outcome =
            switch meaning {
            case .sent: .sent
            case .retry: .retry(after: reply.retryAfter)
            case .refused: .refused
            }
        self.init(
            results: recipients.map {
                Result(
                    recipient: $0, outcome: outcome, words: words,
                    mark: outcome == .sent ? mark : "")
            },
            steps: DeliveryStep.connection(reply.timings) + [
                DeliveryStep(
                    "\(method) answered after \(reply.duration.inWords)",
                    succeeded: outcome == .sent, words: words)
            ])
    }
}

extension DeliveryStep {
    static func connection(_ timings: TransferTimings) -> [DeliveryStep] {
        if timings.reusedConnection {
            return [DeliveryStep("connection", succeeded: true, words: "reused")]
        }
        var steps = [
            DeliveryStep(
                "name", succeeded: true, words: "resolved after \(timings.resolved.inWords)"),
            DeliveryStep(
                "connection", succeeded: true, words: "open after \(timings.connected.inWords)"),
        ]
        if timings.secured > .zero {
            steps.append(
                DeliveryStep(
                    "TLS", succeeded: true, words: "agreed after \(timings.secured.inWords)"))
        }
        return steps
    }
}

extension Duration {
    /// `12.3 ms`.
    var inWords: String {
        let (seconds, attoseconds) = components
        let tenths = seconds *| 10_000 +| attoseconds / 100_000_000_000_000
        return "\(tenths / 10).\(tenths % 10) ms"
    }
}
