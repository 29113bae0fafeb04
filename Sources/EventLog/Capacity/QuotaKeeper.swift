import Events
import Synchronization
import Telemetry

/// Removes the oldest archives to free space and to enforce the maximum age. Thread-safe.
///
/// Enforces the quota and the age, which the operator configures, at once, except that a step of
/// the wall clock makes nothing old (`AgeClock`). To free space on the disk, follows `Retention`:
/// after an alarm, only if removal helps, and never below `log.min_keep`.
final class QuotaKeeper: Sendable {
    let folder: LogFolder
    let usage: DiskUsage
    private let state: LogState
    private let telemetry: Telemetry
    private let maxBytes: Int
    private let maxAge: Duration?
    let minFree: Int
    private let gone: Mutex<RemovedSegments>
    /// The last segment that a store has; nil if archives go to no store.
    private let shipping: Mutex<UInt64?>
    let watch = Mutex(FolderWatch())
    private let retention: Mutex<Retention>
    private let ages: Mutex<AgeClock>
    private let segmentLimit: Int
    let ballast: Ballast

    init(
        folder: LogFolder, usage: DiskUsage, state: LogState, configuration: EventLogConfiguration,
        telemetry: Telemetry, newest: Timestamp?, now: Timestamp, monotonic: any Clock<Duration>
    ) throws(SystemFault) {
        self.folder = folder
        self.usage = usage
        self.state = state
        self.telemetry = telemetry
        gone = Mutex(try RemovedSegments(in: folder))
        let reference = try PressureFile.read(in: folder)
        shipping = Mutex(configuration.shipsArchives ? ShippedFile.read(in: folder) : nil)
        retention = Mutex(
            Retention(
                keeps: configuration.minKeep, grace: configuration.pressureGrace,
                resuming: reference))
        ages = Mutex(
            AgeClock(
                ages: configuration.ages, newest: newest, resuming: ClockFile.read(in: folder),
                now: now, clock: monotonic))
        segmentLimit = configuration.segmentLimit
        ballast = try Ballast(
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

    /// Whether there is space for a segment to grow.
    struct Space {
        /// Why there is no space; nil if there is.
        var reason: ShedReason?
        /// The least important kind of line that there is space for; nil: all kinds.
        var keeps: LineKind?
    }

    /// Frees space for the open segment to grow to `active` bytes and for sealing.
    func freeSpace(active: Int, now: Timestamp) -> Space {
        let now = ageTime(now)
        while usage.needed(active: active) > maxBytes {
            guard removeOldest(.quota) else {
                return Space(reason: .quota, keeps: keeps(spare: 0, now))
            }
        }
        let spare = giveBack(spare: self.spare(active: active), active: active, now)
        if spare >= 0 { return Space(reason: nil, keeps: keeps(spare: spare, now)) }
        // During the grace period after an alarm, lines may use the space of the ballast.
        if retention.withLock({ $0.isInGrace }), spare +| ballast.missing >= 0 {
            return Space(reason: nil, keeps: nil)
        }
        return Space(reason: .minFree, keeps: keeps(spare: 0, now))
    }

    /// Whether the disk was low on space and has not recovered yet.
    var isShort: Bool { retention.withLock { $0.isShort } }

    /// Removes archives as `Retention` allows while `spare`, the free space above the floor, is
    /// negative; returns the resulting `spare`.
    private func giveBack(spare: Int, active: Int, _ now: Timestamp) -> Int {
        var spare = spare
        while true {
            let archives = usage.archives
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
                    free: spare +| usage.growth(active: active) +| minFree +| ballast.missing,
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

    /// Free bytes above the floor once the segment has grown.
    ///
    /// Unlimited if the free space cannot be read: the write then reports the fault.
    private func spare(active: Int) -> Int {
        guard let space = try? folder.files.space(at: folder.path) else { return .max }
        return space.free -| usage.growth(active: active) -| minFree -| ballast.missing
    }

    /// Returns the least important kind of line to accept; nil: all kinds.
    ///
    /// Reserves the last space of a disk that other processes fill for important lines.
    /// With at least three steps of spare space all lines are accepted; with less than one, only
    /// failures. Nothing is shed while archives can be removed or sealing will free space.
    private func keeps(spare: Int, _ now: Timestamp) -> LineKind? {
        let step = max(1 << 20, min(minFree / 8, 64 << 20))
        guard spare < 3 * step, usage.unsealed == 0 else { return nil }
        let archives = usage.archives
        guard retention.withLock({ $0.removable(archives, now: now) }) == 0 else { return nil }
        return spare < step ? .failure : spare < 2 * step ? .degraded : .refusal
    }

    /// Whether filling this segment and the next one will remove older segments.
    var isTight: Bool { usage.needed(active: segmentLimit) +| segmentLimit > maxBytes }

    /// Releases the ballast if the disk is nearly full, and restores it when there is space.
    func keepBallast() {
        guard let space = try? folder.files.space(at: folder.path) else { return }
        if space.free < ballast.bytes / 4 { ballast.release() }
        ballast.restore(free: space.free -| minFree)
    }

    /// Removes archives whose last line is older than the maximum age.
    func removeAged(_ now: Timestamp) {
        let time = ageTime(now)
        guard let maxAge else { return }
        // What a store is still to get stays, as long as there is space.
        while let oldest = usage.archives.first, oldest.closedAt < time - maxAge,
            !isUnshipped(oldest)
        {
            guard removeOldest(.age) else { return }
        }
        guard let oldest = usage.archives.first, oldest.closedAt < now - maxAge,
            !isUnshipped(oldest), let held = ages.withLock({ $0.report() })
        else { return }
        state.report { $0.add(held) }
        telemetry.emit(ClockStepped(held: held))
        keepClock()
    }

    // MARK: - Time

    /// Updates the time that ages are counted to and returns it; called by the writer.
    private func ageTime(_ now: Timestamp) -> Timestamp {
        let time = ages.withLock { ages in
            ages.observe(now)
            return ages.time(at: now)
        }
        keepClock()
        return time
    }

    private func keepClock() {
        switch ages.withLock({ $0.change() }) {
        case .none: break
        case .remove: ClockFile.remove(in: folder)
        case .write(let state): ClockFile.write(state, in: folder)
        }
    }

    /// The time that ages are counted to, as of the last maintenance.
    func confirmedTime(_ now: Timestamp) -> Timestamp { ages.withLock { $0.time(at: now) } }

    // MARK: - Shipping

    /// The last segment that a store has; nil if archives go to no store.
    var shipped: UInt64? { shipping.withLock { $0 } }

    /// Records that a store has all segments up to `number`.
    func note(shipped number: UInt64) throws(SystemFault) {
        try ShippedFile.write(number, in: folder)
        shipping.withLock { shipped in
            if let last = shipped { shipped = max(last, number) }
        }
    }

    private func isUnshipped(_ archive: DiskUsage.Archive) -> Bool {
        shipped.map { archive.name.number > $0 } ?? false
    }

    // MARK: - Removal

    /// The removed segments, for readers that resume at an old position.
    var removed: RemovedSegments { gone.withLock { $0 } }

    /// Records that a segment was removed, for readers that resume at an old position.
    func note(gone number: UInt64, lines: Int, end: UInt64) {
        note(gone: [RemovedSegments.Entry(number: number, lines: lines, end: end)])
    }

    func note(gone entries: [RemovedSegments.Entry]) {
        // If the disk is full, the next removal writes the file.
        let encoded = gone.withLock { gone in
            for entry in entries { gone.add(entry) }
            return gone.encoded
        }
        try? folder.files.replace(folder.file(SegmentName.removed), in: folder.path, with: encoded)
    }

    private func removeOldest(_ why: ArchiveRemoved.Why) -> Bool {
        guard let oldest = usage.archives.first else { return false }
        // Recorded before the removal: readers use the record only for segments that are absent.
        note(gone: oldest.name.number, lines: oldest.lines, end: oldest.end)
        do throws(SystemFault) {
            try folder.files.remove(folder.file(oldest.name.archive))
        } catch {
            guard error.isAbsence else { return false }
        }
        try? folder.files.remove(folder.file(oldest.name.index))
        usage.remove(oldest)
        if isUnshipped(oldest) {
            state.report { $0.add(unshipped: TrimmedHistory(oldest)) }
            telemetry.emit(UnshippedRemoved(name: oldest.name.archive, lines: oldest.lines))
        }
        telemetry.emit(
            ArchiveRemoved(
                name: oldest.name.archive, lines: oldest.lines, bytes: Int(clamping: oldest.end),
                why: why))
        return true
    }
}
