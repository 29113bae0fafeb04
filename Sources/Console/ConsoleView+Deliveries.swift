import Delivery
import Events
import Notifier
import State

extension ConsoleView.Deliveries {
    private static let digestsShown = 15
    private static let entriesShown = 50

    init(_ db: Store.Transaction, at now: Timestamp) throws {
        digests = try DigestTable.headlines(db, limit: Self.digestsShown)
        entries = try Outbox.list(db, states: [.waiting, .dead], limit: Self.entriesShown)
        counts = try Outbox.counts(db)
        byReceiver = try Outbox.openCounts(db)
        silences = try SilenceBook.list(db, at: now)
    }
}
