import Delivery
public import Events
import Notifier
public import State

/// Updates watching pages when digests, deliveries or silences change.
///
/// Reads the store once a second, and only while a page watches.
public struct DeliveryWatch: Sendable {
    private let store: Store
    private let keeper: BoardService
    private let wall: WallClock
    private let clock: any Clock<Duration>

    private struct Sight: Sendable, Equatable {
        var counts: [DeliveryState: Int]
        var newest: String?
        var silences: Int
    }

    public init(
        _ store: Store, keeper: BoardService, wall: WallClock = .system,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.store = store
        self.keeper = keeper
        self.wall = wall
        self.clock = clock
    }

    /// Watches until cancelled.
    public func run() async {
        var seen: Sight?
        while !Task.isCancelled {
            try? await clock.sleep(for: .seconds(1))
            guard keeper.isWatched else { continue }
            let now = wall.now
            guard let sight = try? await store.read({ db in try Self.look(db, at: now) }) else {
                continue
            }
            if let seen, seen != sight { keeper.touch() }
            seen = sight
        }
    }

    private static func look(_ db: Store.Transaction, at now: Timestamp) throws -> Sight {
        Sight(
            counts: try Outbox.counts(db),
            newest: try DigestTable.headlines(db, limit: 1).first?.id,
            silences: try SilenceBook.list(db, at: now).count)
    }
}
