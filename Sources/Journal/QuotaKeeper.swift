import Events
import Synchronization
import Telemetry

/// Removes the oldest archives for room and for age. Thread-safe.
///
/// For the quota and for age, which the operator chose, they go at once. For room that the disk
/// lacks they go as `Retention` allows: after an alarm, only where that helps, and never below
/// `log.min_keep`.
final class QuotaKeeper: Sendable {
    let folder: LogFolder
    let ledger: Ledger
    private let state: LogState
    private let telemetry: Telemetry
    private let maxBytes: Int
    private let maxAge: Duration?
    let minFree: Int
    private let gone: Mutex<RemovedSegments>
    let watch = Mutex(FolderWatch())
    private let retention: Mutex<Retention>
    private let segmentLimit: Int
    let ballast: Ballast

    init(
        folder: LogFolder, ledger: Ledger, state: LogState, configuration: JournalConfiguration,
        telemetry: Telemetry
    ) throws(SystemFault) {
        self.folder = folder
        self.ledger = ledger
        self.state = state
        self.telemetry = telemetry
        gone = Mutex(RemovedSegments(in: folder))
        retention = Mutex(
            Retention(
                keeps: configuration.minKeep, grace: configuration.pressureGrace,
                resuming: PressureFile.read(in: folder)))
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
    func makeRoom(active: Int, now: Timestamp) -> Room {
        while ledger.needed(active: active) > maxBytes {
            guard removeOldest(.quota) else {
                return Room(reason: .quota, keeps: keeps(spare: 0, now))
            }
        }
        let spare = giveBack(spare: self.spare(active: active), active: active, now)
        if spare >= 0 { return Room(reason: nil, keeps: keeps(spare: spare, now)) }
        // While people are being told, lines go where the ballast was.
        if retention.withLock({ $0.isInGrace }), spare + ballast.missing >= 0 {
            return Room(reason: nil, keeps: nil)
        }
        return Room(reason: .minFree, keeps: keeps(spare: 0, now))
    }

    /// Whether the disk has been short of room and is not yet well.
    var isShort: Bool { retention.withLock { $0.isShort } }

    /// Removes what may go where `spare`, the room above the floor, is negative; returns what
    /// there is then.
    private func giveBack(spare: Int, active: Int, _ now: Timestamp) -> Int {
        var spare = spare
        while true {
            let archives = ledger.archives
            let step = retention.withLock {
                $0.next(spare: spare, archives: archives, ballast: ballast.bytes, now: now)
            }
            switch step {
            case .nothing: return spare
            case .recovered:
                PressureFile.remove(in: folder)
                telemetry.emit(DiskShortChanged(pressure: nil))
                return spare
            case .alarm(let history, let kept, let helps):
                ballast.release()
                let pressure = DiskPressure(
                    free: spare + ledger.growth(active: active) + minFree + ballast.missing,
                    floor: minFree, history: history, kept: kept, helps: helps)
                PressureFile.write(retention.withLock { $0.reference }, in: folder)
                state.report { $0.add(pressure) }
                telemetry.emit(DiskShortChanged(pressure: pressure))
            case .remove:
                guard let oldest = archives.first, removeOldest(.minFree) else { return spare }
                state.report { $0.add(TrimmedHistory(oldest)) }
            }
            spare = self.spare(active: active)
        }
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
    private func keeps(spare: Int, _ now: Timestamp) -> LineKind? {
        let step = max(1 << 20, min(minFree / 8, 64 << 20))
        guard spare < 3 * step, ledger.unsealed == 0 else { return nil }
        let archives = ledger.archives
        guard retention.withLock({ $0.removable(archives, now: now) }) == 0 else { return nil }
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

    /// Notes that a segment is gone, for readers that come late.
    func note(gone number: UInt64, lines: Int, end: UInt64) {
        note(gone: [RemovedSegments.Entry(number: number, lines: lines, end: end)])
    }

    func note(gone entries: [RemovedSegments.Entry]) {
        // On a full disk the file has to wait for the next removal.
        let encoded = gone.withLock { gone in
            for entry in entries { gone.add(entry) }
            return gone.encoded
        }
        try? folder.files.replace(folder.file(SegmentName.removed), in: folder.path, with: encoded)
    }

    private func removeOldest(_ why: ArchiveRemoved.Why) -> Bool {
        guard let oldest = ledger.archives.first else { return false }
        // Noted first: a reader believes it only of segments that aren't there.
        note(gone: oldest.name.number, lines: oldest.lines, end: oldest.end)
        do throws(SystemFault) {
            try folder.files.remove(folder.file(oldest.name.archive))
        } catch {
            guard error.isAbsence else { return false }
        }
        try? folder.files.remove(folder.file(oldest.name.index))
        ledger.remove(oldest)
        telemetry.emit(
            ArchiveRemoved(
                name: oldest.name.archive, lines: oldest.lines, bytes: Int(clamping: oldest.end),
                why: why))
        return true
    }
}
