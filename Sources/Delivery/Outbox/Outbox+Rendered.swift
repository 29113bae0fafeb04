public import Events
public import Rendering
public import State

/// The outbox in terms of rendered digests and configured receivers.
extension Outbox {
    /// Stores the digest and one waiting delivery for each addressee.
    ///
    /// An existing digest or delivery is not changed: an id identifies fixed bytes, and what was
    /// sent is not sent again. See `add` for `stale`.
    public static func enqueue(
        _ db: Store.Transaction, _ digest: RenderedDigest, to addressees: [Addressee],
        replacing stale: [String] = [], notBefore: [String: Timestamp] = [:], at now: Timestamp
    ) throws {
        let row = DigestTable.Row(digest)
        try DigestTable.add(db, row)
        try add(db, row, to: addressees, replacing: stale, notBefore: notBefore, at: now)
    }

    /// A digest younger than this whose first try has not failed is not stale.
    private static let patience = Duration.seconds(10)

    /// Returns the waiting digests of these threads that failed at least once or are at least
    /// `patience` old, oldest first in each thread and at most 100 a thread.
    public static func stale(
        _ db: Store.Transaction, threads: Set<String>, at now: Timestamp
    ) throws -> [Stale] {
        try stale(db, threads: threads, failedOrEnqueuedBy: now - patience)
    }

    /// Marks waiting deliveries dead if their addressee is not configured any more.
    ///
    /// They would otherwise wait for ever without a report.
    static func markOrphanedDeliveriesDead(
        _ db: Store.Transaction, known: Set<Addressee>, at now: Timestamp
    ) throws {
        for (id, addressee) in try waitingAddressees(db) where !known.contains(addressee) {
            let words = "no such receiver or recipient is configured any more"
            try settle(db, id, Verdict(fate: .dead, words: words), at: now)
        }
    }
}

extension RenderedDigest {
    public init(_ row: DigestTable.Row) {
        self.init(
            id: row.id, thread: row.thread, subject: row.subject, slack: row.slack,
            text: row.text, html: row.html, model: row.model, kind: row.kind,
            groupKey: row.group, composedAt: row.composed, slackReply: row.slackReply)
    }
}

extension DigestTable.Row {
    public init(_ digest: RenderedDigest) {
        self.init(
            id: digest.id, thread: digest.thread, subject: digest.subject, kind: digest.kind,
            group: digest.groupKey, composed: digest.composedAt, model: digest.model,
            text: digest.text, html: digest.html, slack: digest.slack,
            slackReply: digest.slackReply)
    }
}
