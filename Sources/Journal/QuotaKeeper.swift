import Events
import Synchronization
import Telemetry

/// Removes the oldest archives for room and for age. Thread-safe.
final class QuotaKeeper: Sendable {
    private let folder: LogFolder
    private let ledger: Ledger
    private let telemetry: Telemetry
    private let maxBytes: Int
    private let maxAge: Duration?
    let minFree: Int
    private let gone: Mutex<RemovedSegments>
    private let segmentLimit: Int
    let ballast: Ballast

    init(
        folder: LogFolder, ledger: Ledger, configuration: JournalConfiguration,
        telemetry: Telemetry
    ) throws(SystemFault) {
        self.folder = folder
        self.ledger = ledger
        self.telemetry = telemetry
        gone = Mutex(RemovedSegments(in: folder))
        segmentLimit = configuration.segmentLimit
        ballast = Ballast(
            in: configuration.directory, bytes: configuration.ballast, files: folder.files,
            telemetry: telemetry)
        maxBytes = configuration.maxBytes
        maxAge = configuration.maxAge
        if let bytes = configuration.minFree {
            minFree = bytes
        } else {
            minFree = min(try folder.files.space(at: folder.path).total / 10, 2 << 30)
        }
    }

    /// What there is when a segment shall grow.
    struct Room {
        /// Why there is none.
        var reason: ShedReason?
        /// The least kind of line that there is room for; nil: all.
        var keeps: LineKind?
    }

    /// Makes room for the open segment to grow to `active` bytes and for sealing.
    func makeRoom(active: Int) -> Room {
        while ledger.needed(active: active) > maxBytes {
            guard removeOldest(.quota) else { return Room(reason: .quota, keeps: keeps(spare: 0)) }
        }
        var spare = self.spare(active: active)
        while spare < 0 {
            guard removeOldest(.minFree) else {
                return Room(reason: .minFree, keeps: keeps(spare: 0))
            }
            spare = self.spare(active: active)
        }
        return Room(reason: nil, keeps: keeps(spare: spare))
    }

    /// Free bytes above the floor once the segment has grown. A disk that doesn't
    /// answer is left for the write to find out.
    private func spare(active: Int) -> Int {
        guard let space = try? folder.files.space(at: folder.path) else { return .max }
        return space.free - ledger.growth(active: active) - minFree - ballast.missing
    }

    /// The last room of a disk that others fill is for the lines that matter most:
    /// with three steps left all are kept, with less than one only failures. While
    /// archives can still go, or sealing will make room, nothing is given up.
    private func keeps(spare: Int) -> LineKind? {
        let step = max(1 << 20, min(minFree / 8, 64 << 20))
        guard spare < 3 * step, ledger.archives.isEmpty, ledger.unsealed == 0 else { return nil }
        return spare < step ? .failure : spare < 2 * step ? .degraded : .refusal
    }

    /// Whether filling this segment and the next one pushes older ones out.
    var isTight: Bool { ledger.needed(active: segmentLimit) + segmentLimit > maxBytes }

    /// Gives the ballast back when the disk is full though the log itself wrote
    /// nothing, and takes it again when there is room.
    func keepBallast() {
        guard let space = try? folder.files.space(at: folder.path) else { return }
        if space.free < ballast.bytes / 4 { ballast.release() }
        ballast.restore(free: space.free - minFree)
    }

    func removeAged(_ now: Timestamp) {
        guard let maxAge else { return }
        while let oldest = ledger.archives.first, oldest.closedAt < now - maxAge {
            guard removeOldest(.age) else { return }
        }
    }

    /// What was removed, for readers that come late.
    var removed: RemovedSegments { gone.withLock { $0 } }

    private func removeOldest(_ why: ArchiveRemoved.Why) -> Bool {
        guard let oldest = ledger.archives.first else { return false }
        // Told first: a reader believes it only of segments that aren't there. On a
        // full disk the file has to wait for the next removal.
        let told = gone.withLock { gone in
            gone.add(
                RemovedSegments.Entry(
                    number: oldest.name.number, lines: oldest.lines, end: oldest.end))
            return gone.encoded
        }
        try? folder.files.replace(folder.file(SegmentName.removed), in: folder.path, with: told)
        do throws(SystemFault) {
            try folder.files.remove(folder.file(oldest.name.archive))
        } catch {
            guard error.isAbsence else { return false }
        }
        try? folder.files.remove(folder.file(oldest.name.index))
        ledger.remove(oldest)
        telemetry.emit(
            ArchiveRemoved(name: oldest.name.archive, lines: oldest.lines, why: why))
        return true
    }
}
