import Synchronization

/// Caches a file system's free space for 10 ms.
///
/// A query resolves the path and takes locks of the file system, which costs more than the rest
/// of a small group's commit. The cached value is used only while more than 256 MiB are free, and
/// is dropped when a file is removed or truncated: the caller needs to see the effect. Thread-safe.
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
