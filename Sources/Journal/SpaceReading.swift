import Synchronization

/// What a file system said of its room a moment ago. Asking takes a walk along the path
/// and the file system's own locks: more than the rest of a small group's commit.
///
/// Thread-safe. A reading is used again for a few milliseconds, only while there is plenty,
/// and not once something was removed: who makes room must see whether that was enough.
final class SpaceReading: Sendable {
    private struct Last {
        let path: String
        let free: Int
        let total: Int
        let at: ContinuousClock.Instant
    }

    private static let age = Duration.milliseconds(10)
    private static let plenty = 256 << 20

    private let last = Mutex<Last?>(nil)

    func recent(at path: String) -> (free: Int, total: Int)? {
        last.withLock { last in
            guard let last, last.free > Self.plenty, last.path == path,
                last.at.duration(to: .now) < Self.age
            else { return nil }
            return (last.free, last.total)
        }
    }

    func forget() { last.withLock { $0 = nil } }

    func note(_ space: (free: Int, total: Int), at path: String) {
        last.withLock {
            $0 = Last(path: path, free: space.free, total: space.total, at: .now)
        }
    }
}
