import Core
import Transfer

/// The result of one try, for each recipient.
public struct DeliveryAttempt: Sendable {
    public enum Outcome: Sendable, Equatable {
        /// The receiver accepted the digest.
        case sent
        /// A failure that may pass. `after` is the wait that the receiver requested.
        case retry(after: Duration?)
        /// A permanent failure: a repeat would fail too.
        case refused
        /// This process cancelled the try; it does not count as one.
        case interrupted
    }

    public struct Result: Sendable, Equatable {
        public let recipient: String
        public let outcome: Outcome
        /// The receiver's answer or our error: printable, at most 300 characters.
        public let words: String
        /// State for the next digest of the thread, such as the location of a live Slack message.
        /// Stored in one transaction with the outcome, and only if the digest was sent.
        public let mark: String

        public init(recipient: String, outcome: Outcome, words: String, mark: String = "") {
            self.recipient = recipient
            self.outcome = outcome
            self.mark = mark
            self.words = InertText.line(words, limit: 300)
        }
    }

    /// One result for each requested recipient.
    public let results: [Result]
    /// The steps of the try, for `send-test`. They contain no credentials.
    public let steps: [DeliveryStep]

    public init(results: [Result], steps: [DeliveryStep] = []) {
        self.results = results
        self.steps = steps
    }

    /// Creates an attempt with the same outcome for all recipients.
    public init(
        _ outcome: Outcome, _ words: String, for recipients: [String], steps: [DeliveryStep] = []
    ) {
        results = recipients.map { Result(recipient: $0, outcome: outcome, words: words) }
        self.steps = steps
    }
}

/// One step of a try, for debugging a receiver.
public struct DeliveryStep: Sendable, Equatable {
    public let what: String
    public let succeeded: Bool
    public let words: String

    public init(_ what: String, succeeded: Bool, words: String) {
        self.what = InertText.line(what, limit: 300)
        self.succeeded = succeeded
        self.words = InertText.line(words, limit: 300)
    }
}
