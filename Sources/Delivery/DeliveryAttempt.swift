import Transfer

/// What one try came to, recipient by recipient.
public struct DeliveryAttempt: Sendable {
    public enum Outcome: Sendable, Equatable {
        /// The receiver has taken responsibility.
        case sent
        /// Not now. `after` is how long the receiver asked to be left alone.
        case retry(after: Duration?)
        /// Never, as it is: trying again will not help.
        case refused
        /// We called it off ourselves: it does not count as a try.
        case interrupted
    }

    public struct Result: Sendable, Equatable {
        public let recipient: String
        public let outcome: Outcome
        /// Whose words they are is clear from them: printable, at most 300 characters.
        public let words: String
        /// What the next digest of the thread has to know of this one, such as
        /// where the live message stands; kept in one transaction with the
        /// outcome, and only when it was sent.
        public let mark: String

        public init(recipient: String, outcome: Outcome, words: String, mark: String = "") {
            self.recipient = recipient
            self.outcome = outcome
            self.mark = mark
            self.words = words.printableLine(atMost: 300)
        }
    }

    /// One for each recipient asked for.
    public let results: [Result]
    /// What happened, for `send-test`: no credential in it.
    public let steps: [DeliveryStep]

    public init(results: [Result], steps: [DeliveryStep] = []) {
        self.results = results
        self.steps = steps
    }

    /// The same outcome for all.
    public init(
        _ outcome: Outcome, _ words: String, for recipients: [String], steps: [DeliveryStep] = []
    ) {
        results = recipients.map { Result(recipient: $0, outcome: outcome, words: words) }
        self.steps = steps
    }
}

/// One step of a try, as a person who debugs a receiver wants to see it.
public struct DeliveryStep: Sendable, Equatable {
    public let what: String
    public let succeeded: Bool
    public let words: String

    public init(_ what: String, succeeded: Bool, words: String) {
        self.what = what.printableLine(atMost: 300)
        self.succeeded = succeeded
        self.words = words.printableLine(atMost: 300)
    }
}
