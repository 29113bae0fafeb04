import Core
import Events

/// When a snapshot of the state file is made: every ten minutes, or after 500 objects of the log,
/// whichever is first.
///
/// A restored folder then has to apply at most what came after it.
struct SnapshotSchedule {
    /// The longest time between two snapshots.
    private static let pause = Duration.seconds(600)
    /// A restore reads and applies each object behind the snapshot: so many take some seconds.
    private static let objects: UInt64 = 500

    private var taken: ContinuousClock.Instant
    /// The number of the newest object at that time; 0 before one is known.
    private var newest: UInt64 = 0

    init(at now: ContinuousClock.Instant) { taken = now }

    /// Whether a snapshot is due; the next one is counted from it.
    ///
    /// - Parameter newest: The number of the newest object that this node created; 0 without one.
    mutating func takesOne(at now: ContinuousClock.Instant, newest: UInt64) -> Bool {
        // The log may have any number of objects when the node begins to write it.
        if self.newest == 0 { self.newest = newest }
        guard now - taken >= Self.pause || newest -| self.newest >= Self.objects else {
            return false
        }
        (taken, self.newest) = (now, newest)
        return true
    }
}
