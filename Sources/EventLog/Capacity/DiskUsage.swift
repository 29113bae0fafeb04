import Events
import Synchronization

/// Accounts for the log's disk usage and lists the archives that may be removed.
///
/// Counts blocks, not bytes. Always reserves space for sealing the largest unsealed segment, so
/// that the quota holds at every moment. Thread-safe.
final class DiskUsage: Sendable {
    /// A sealed segment with its index.
    struct Archive: Sendable, Equatable {
        var name: SegmentName
        var allocated: Int
        var closedAt: Timestamp
        var lines: Int
        /// Bytes of its lines.
        var end: UInt64
    }

    fileprivate struct State {
        var archives: [Archive] = []
        /// Sum of `allocated` over `archives`.
        var archived = 0
        /// Bytes in blocks of closed segments that wait to be sealed, by number.
        var plain: [UInt64: Int] = [:]
        /// Bytes in blocks of the open segment.
        var active = 0
    }

    private let state = Mutex(State())
    private static let block = 4096

    /// Bytes in blocks reserved for the small files beside the segments.
    private let allowance: Int

    init(allowance: Int) { self.allowance = allowance }

    /// Whether `copies` of a side file of `bytes` fit beside the other small files.
    ///
    /// A file that is replaced atomically needs at least two copies.
    func hasSpace(forSideFile bytes: Int, copies: Int) -> Bool {
        copies *| Self.blocks(bytes) +| 2 *| Self.blocks(RemovedSegments.most * 32) +| Self.block
            <= allowance
    }

    static func blocks(_ bytes: Int) -> Int { (bytes +| (block - 1)) / block * block }

    /// Upper bound of what sealing a segment of `bytes` writes.
    ///
    /// Covers deflate's growth on incompressible data, the members' headers, and the index, which
    /// takes up to a sixteenth of the archive and its tables.
    static func sealingSpace(_ bytes: Int) -> Int {
        bytes == 0 ? 0 : blocks(bytes +| bytes / 14 +| 24 * 1024)
    }

    var archives: [Archive] { state.withLock { $0.archives } }
    /// The number of the oldest segment that is sealed or waits for it; nil if there is none.
    var oldest: UInt64? {
        state.withLock { state in
            [state.archives.first?.name.number, state.plain.keys.min()].compactMap { $0 }.min()
        }
    }
    var unsealed: Int { state.withLock { $0.plain.count } }
    /// Bytes in blocks of segments and indexes.
    var used: Int { state.withLock { $0.used } }

    func setActive(_ bytes: Int) { state.withLock { $0.active = Self.blocks(bytes) } }

    func close(_ number: UInt64, bytes: Int) {
        state.withLock {
            $0.plain[number] = Self.blocks(bytes)
            $0.active = 0
        }
    }

    func drop(plain number: UInt64) { state.withLock { $0.plain[number] = nil } }

    func add(_ archive: Archive) {
        state.withLock { state in
            state.plain[archive.name.number] = nil
            state.remove(archive.name)
            state.archived +|= archive.allocated
            let place = state.archives.firstIndex { archive.name < $0.name }
            state.archives.insert(archive, at: place ?? state.archives.count)
        }
    }

    func remove(_ archive: Archive) {
        state.withLock { $0.remove(archive.name) }
    }

    /// Bytes in blocks once the open segment has grown to `active` bytes, including sealing and
    /// the reserve for small files.
    func needed(active bytes: Int) -> Int {
        state.withLock { $0.needed(active: bytes) } +| allowance
    }

    /// The part of `needed(active:)` that is not written yet, without the reserve for small
    /// files.
    func growth(active bytes: Int) -> Int {
        state.withLock { $0.needed(active: bytes) -| $0.used }
    }
}

extension DiskUsage.State {
    fileprivate mutating func remove(_ name: SegmentName) {
        guard let place = archives.firstIndex(where: { $0.name == name }) else { return }
        archived -|= archives.remove(at: place).allocated
    }

    fileprivate var used: Int {
        archived +| plain.values.reduce(0, +|) +| active
    }

    fileprivate func needed(active bytes: Int) -> Int {
        let grown = DiskUsage.blocks(bytes)
        let largest = max(plain.values.max() ?? 0, grown)
        return used -| active +| grown +| DiskUsage.sealingSpace(largest)
    }
}
