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

    init(
        folder: LogFolder, ledger: Ledger, configuration: JournalConfiguration,
        telemetry: Telemetry
    ) throws(SystemFault) {
        self.folder = folder
        self.ledger = ledger
        self.telemetry = telemetry
        gone = Mutex(RemovedSegments(in: folder))
        maxBytes = configuration.maxBytes
        maxAge = configuration.maxAge
        if let bytes = configuration.minFree {
            minFree = bytes
        } else {
            minFree = min(try folder.files.space(at: folder.path).total / 10, 2 << 30)
        }
    }

    /// Makes room for the open segment to grow to `active` bytes and for sealing;
    /// the reason when there is none to be had.
    func makeRoom(active: Int) -> ShedReason? {
        while ledger.needed(active: active) > maxBytes {
            guard removeOldest(.quota) else { return .quota }
        }
        while !isAboveFloor(active: active) {
            guard removeOldest(.minFree) else { return .minFree }
        }
        return nil
    }

    /// Whether the disk keeps its floor when the segment has grown. A disk that
    /// doesn't answer is left for the write to find out.
    private func isAboveFloor(active: Int) -> Bool {
        guard let space = try? folder.files.space(at: folder.path) else { return true }
        return space.free - ledger.growth(active: active) >= minFree
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
