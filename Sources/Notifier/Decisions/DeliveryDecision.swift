public import Events
import JSON
public import State

/// The outcome of a delivery, as a line of the log.
public struct DeliveryDecision: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// The receiver accepted the digest. `mark`: see `Outbox.Verdict`.
        case sent(mark: String)
        case refused
        case dropped
        case retried
    }

    public let digest: String
    public let addressee: Addressee
    public let kind: Kind
    /// The receiver's answer, or our error; empty for a person's decision.
    public let words: String

    public init(digest: String, addressee: Addressee, kind: Kind, words: String = "") {
        self.digest = digest
        self.addressee = addressee
        self.kind = kind
        self.words = words
    }

    init(_ entry: OutboxEntry, _ kind: Kind) {
        self.init(digest: entry.digest, addressee: entry.addressee, kind: kind)
    }

    /// The line.
    public func event(at now: Timestamp) -> Event {
        var extra: [JSONValue.Member] = [
            .init("digest", .string(digest)), .init("receiver", .string(addressee.receiver)),
            .init("recipient", .string(addressee.recipient)),
        ]
        if !words.isEmpty { extra.append(.init("answer", .string(words))) }
        if case .sent(let mark) = kind, !mark.isEmpty { extra.append(.init("mark", .string(mark))) }
        let name = addressee.receiver
        let (event, message) =
            switch kind {
            case .sent: (EventName.deliverySent, "\(name) accepted digest \(digest)")
            case .refused:
                (
                    EventName.deliveryRefused,
                    "digest \(digest) is not delivered to \(name): \(words)"
                )
            case .dropped:
                (
                    EventName.deliveryDropped,
                    "the delivery of digest \(digest) to \(name) was dropped"
                )
            case .retried:
                (EventName.deliveryRetried, "digest \(digest) is sent to \(name) again on request")
            }
        return Event(ts: now, event: event, message: message, extra: extra)
    }

    /// The decision of a line; nil for another one.
    init?(_ event: Event) {
        guard let digest = event.extra("digest")?.string,
            let receiver = event.extra("receiver")?.string
        else { return nil }
        let kind: Kind
        switch event.event {
        case EventName.deliverySent: kind = .sent(mark: event.extra("mark")?.string ?? "")
        case EventName.deliveryRefused: kind = .refused
        case EventName.deliveryDropped: kind = .dropped
        case EventName.deliveryRetried: kind = .retried
        default: return nil
        }
        self.init(
            digest: digest,
            addressee: Addressee(
                receiver: receiver, recipient: event.extra("recipient")?.string ?? ""),
            kind: kind, words: event.extra("answer")?.string ?? "")
    }

    /// Stores the outcome. A delivery that is not in the outbox any more is left out.
    func apply(_ db: Store.Transaction, at moment: Timestamp) throws {
        guard let id = try Outbox.id(db, digest: digest, addressee: addressee) else { return }
        switch kind {
        case .sent(let mark):
            try Outbox.settle(
                db, id, Outbox.Verdict(fate: .sent, words: words, mark: mark), at: moment)
        case .refused:
            try Outbox.settle(db, id, Outbox.Verdict(fate: .dead, words: words), at: moment)
        case .dropped: _ = try Outbox.drop(db, id: id, at: moment)
        case .retried: _ = try Outbox.retry(db, id: id, at: moment)
        }
    }
}
