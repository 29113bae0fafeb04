import Delivery
import Events
import GRDB
import Notifier

extension ConsoleView.Deliveries {
    private static let digestsShown = 15
    private static let entriesShown = 50

    init(_ db: Database, at now: Timestamp) throws {
        digests = try Outbox.headlines(db, limit: Self.digestsShown)
        entries = try Outbox.list(db, states: [.waiting, .dead], limit: Self.entriesShown)
        counts = try Outbox.counts(db)
        byReceiver = try Outbox.openCounts(db)
        silences = try SilenceBook.list(db, at: now)
    }
}
