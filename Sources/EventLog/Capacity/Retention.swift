import Events

/// Decides which history to remove while the disk is low on space.
///
/// Raises an alarm first and removes nothing before `grace` has passed. Each alarm permits the
/// removal of at most a quarter of the history; more requires another alarm. History is removed
/// only if that frees enough space, and never below the floor `log.min_keep`. The shortage ends
/// once the spare space reaches what was removed, and at least the size of the ballast. So if the
/// log itself fills the disk, the shortage lasts and new lines replace the oldest ones.
struct Retention: Sendable {
    enum Step: Sendable, Equatable {
        /// There is enough space, or nothing may be removed now.
        case nothing
        /// The disk has enough space again.
        case recovered
        /// Raise an alarm: removal follows, from `history` bytes down to `kept`.
        case alarm(history: Int, kept: Int, helps: Bool)
        /// Remove the oldest archive, then call `next` again.
        case remove
    }

    private struct Shortage: Sendable {
        /// Bytes of history when the shortage began; the floor is a share of it.
        var reference: Int
        var removed = 0
        /// When the last alarm was raised, and the bytes of history at that time.
        var alarmedAt: ContinuousClock.Instant
        var alarmedOf: Int
    }

    private let keeps: EventLogConfiguration.MinKeep
    private let grace: Duration
    private var shortage: Shortage?
    /// The reference of a shortage that a restart interrupted.
    private var interrupted: Int?

    init(keeps: EventLogConfiguration.MinKeep, grace: Duration, resuming reference: Int? = nil) {
        self.keeps = keeps
        self.grace = grace
        interrupted = reference
    }

    var isShort: Bool { shortage != nil }

    /// Whether the last alarm is so recent that nothing may be removed yet.
    var isInGrace: Bool { shortage.map { ContinuousClock.now - $0.alarmedAt < grace } ?? false }

    /// The bytes of history that the floor is a share of; 0 if there is no shortage.
    var reference: Int { shortage?.reference ?? 0 }

    /// Returns the bytes of all archives that may be removed, the oldest first.
    func removable(_ archives: [DiskUsage.Archive], now: Timestamp) -> Int {
        let history = archives.reduce(0) { $0 +| $1.allocated }
        var left = history
        for archive in archives {
            guard mayGo(archive, leaving: left -| archive.allocated, of: history, now) else {
                break
            }
            left -|= archive.allocated
        }
        return history -| left
    }

    private func mayGo(
        _ archive: DiskUsage.Archive, leaving left: Int, of history: Int, _ now: Timestamp
    ) -> Bool {
        switch keeps {
        case .share(let share):
            Double(left) >= share * Double(max(shortage?.reference ?? 0, history))
        case .history(let age): archive.closedAt < now - age
        }
    }

    /// Returns the next step.
    ///
    /// - Parameter spare: Free bytes above the disk's floor; negative if space is missing.
    mutating func next(
        spare: Int, archives: [DiskUsage.Archive], ballast: Int, now: Timestamp
    ) -> Step {
        guard spare < 0 else {
            if shortage == nil, interrupted != nil, spare >= ballast {
                interrupted = nil
                return .recovered
            }
            guard let shortage, spare >= max(shortage.removed, ballast) else { return .nothing }
            self.shortage = nil
            return .recovered
        }
        let history = archives.reduce(0) { $0 +| $1.allocated }
        let removable = removable(archives, now: now)
        let helps = removable >= 0 -| spare
        guard var shortage else {
            shortage = Shortage(
                reference: max(history, interrupted ?? 0), alarmedAt: .now, alarmedOf: history)
            interrupted = nil
            return alarm(history, archives, now, helps)
        }
        guard ContinuousClock.now - shortage.alarmedAt >= grace, helps, let oldest = archives.first
        else { return .nothing }
        // One archive may always be removed after an alarm, whatever its size.
        if history < shortage.alarmedOf,
            Double(history -| oldest.allocated) < 0.75 * Double(shortage.alarmedOf)
        {
            shortage.alarmedAt = .now
            shortage.alarmedOf = history
            self.shortage = shortage
            return alarm(history, archives, now, helps)
        }
        shortage.removed +|= oldest.allocated
        self.shortage = shortage
        return .remove
    }

    private func alarm(
        _ history: Int, _ archives: [DiskUsage.Archive], _ now: Timestamp, _ helps: Bool
    ) -> Step {
        .alarm(history: history, kept: history -| removable(archives, now: now), helps: helps)
    }
}

/// The file with the bytes of history at the start of a shortage.
///
/// Without it, each restart during a shortage would apply the share to what the last one left.
enum PressureFile {
    static func read(in folder: LogFolder) throws(SystemFault) -> Int? {
        guard let bytes = try folder.files.contents(folder.file(SegmentName.pressure)),
            var input = ByteReader(sealed: bytes), let reference = input.read()
        else { return nil }
        return Int(clamping: reference)
    }

    /// Ignores failures: a restart then applies the share to the remaining history.
    static func write(_ reference: Int, in folder: LogFolder) {
        var out = ByteWriter()
        out.write(UInt64(reference))
        try? folder.files.replace(
            folder.file(SegmentName.pressure), in: folder.path, with: out.sealed())
    }

    static func remove(in folder: LogFolder) {
        try? folder.files.remove(folder.file(SegmentName.pressure))
    }
}
