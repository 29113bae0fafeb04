import Events

/// What of its history the log gives back when the disk is short of room.
///
/// An alarm comes first, and nothing goes before `grace` is over. Each alarm lets a quarter of
/// the history go at most; what goes further needs another alarm. History goes only where that
/// gives the disk enough room, and never below the floor `log.min_keep`. Being short ends when
/// all that was given back is free again: a log that fills its disk by itself stays short and
/// replaces its oldest lines by new ones.
struct Retention: Sendable {
    enum Step: Sendable, Equatable {
        /// There is room, or nothing more may go now.
        case nothing
        /// The disk has room again.
        case recovered
        /// Tell people: history goes next, from `history` bytes down to `kept`.
        case alarm(history: Int, kept: Int, helps: Bool)
        /// Remove the oldest archive, then ask again.
        case remove
    }

    private struct Shortage: Sendable {
        /// Bytes of history when the disk became short: the floor is a share of it.
        var reference: Int
        var removed = 0
        /// When people were last told, and of how much history.
        var alarmedAt: ContinuousClock.Instant
        var alarmedOf: Int
    }

    private let keeps: JournalConfiguration.MinKeep
    private let grace: Duration
    private var shortage: Shortage?
    /// Of a shortage that a restart interrupted.
    private var interrupted: Int?

    init(keeps: JournalConfiguration.MinKeep, grace: Duration, resuming reference: Int? = nil) {
        self.keeps = keeps
        self.grace = grace
        interrupted = reference
    }

    var isShort: Bool { shortage != nil }

    /// Whether people were told a moment ago, so that nothing may go yet.
    var isInGrace: Bool { shortage.map { ContinuousClock.now - $0.alarmedAt < grace } ?? false }

    /// What the floor is a share of; 0 while the disk is not short.
    var reference: Int { shortage?.reference ?? 0 }

    /// Bytes of the archives that may go in all, the oldest first.
    func removable(_ archives: [Ledger.Archive], now: Timestamp) -> Int {
        let history = archives.reduce(0) { $0 + $1.allocated }
        var left = history
        for archive in archives {
            guard mayGo(archive, leaving: left - archive.allocated, of: history, now) else { break }
            left -= archive.allocated
        }
        return history - left
    }

    private func mayGo(
        _ archive: Ledger.Archive, leaving left: Int, of history: Int, _ now: Timestamp
    ) -> Bool {
        switch keeps {
        case .share(let share):
            Double(left) >= share * Double(max(shortage?.reference ?? 0, history))
        case .history(let age): archive.closedAt < now - age
        }
    }

    /// What to do now.
    ///
    /// - Parameter spare: Free bytes above the floor of the disk; negative: so many are lacking.
    mutating func next(
        spare: Int, archives: [Ledger.Archive], ballast: Int, now: Timestamp
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
        let history = archives.reduce(0) { $0 + $1.allocated }
        let removable = removable(archives, now: now)
        let helps = removable >= -spare
        guard var shortage else {
            shortage = Shortage(
                reference: max(history, interrupted ?? 0), alarmedAt: .now, alarmedOf: history)
            interrupted = nil
            return alarm(history, archives, now, helps)
        }
        guard ContinuousClock.now - shortage.alarmedAt >= grace, helps, let oldest = archives.first
        else { return .nothing }
        // One archive may always go, however large.
        if history < shortage.alarmedOf,
            Double(history - oldest.allocated) < 0.75 * Double(shortage.alarmedOf)
        {
            shortage.alarmedAt = .now
            shortage.alarmedOf = history
            self.shortage = shortage
            return alarm(history, archives, now, helps)
        }
        shortage.removed += oldest.allocated
        self.shortage = shortage
        return .remove
    }

    private func alarm(
        _ history: Int, _ archives: [Ledger.Archive], _ now: Timestamp, _ helps: Bool
    ) -> Step {
        .alarm(history: history, kept: history - removable(archives, now: now), helps: helps)
    }
}

/// How much history there was when the disk became short: a small file, so that restarts while
/// it is short do not take a share of a share.
enum PressureFile {
    static func read(in folder: LogFolder) -> Int? {
        guard let bytes = try? folder.files.contents(folder.file(SegmentName.pressure)),
            var input = ByteReader(sealed: bytes), let reference = input.read()
        else { return nil }
        return Int(clamping: reference)
    }

    /// Without it, a restart takes the share of what is left.
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
