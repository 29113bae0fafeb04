import Events

/// The keys of lines in the log, so that a line sent again is stored once.
///
/// Times are those of `DedupClock`. Used by the writer only. `DedupLimits` bounds its memory; `forgotten` counts the entries dropped
/// for that.
struct DedupIndex: Sendable {
    /// The sequence numbers of each sender.
    private(set) var streams = Hash128Table(initial: SequenceMark())
    /// Times of arrival by id, in two generations. When the newer one has half of the allowed
    /// entries or is as old as the window, the older one is dropped.
    private var ids = Hash128Table<Int64>(initial: 0)
    private var olderIds = Hash128Table<Int64>(initial: 0)
    private var generationStart: Int64 = .min
    /// The latest arrival of an id; nil without ids.
    private(set) var newest: Timestamp?
    private var admissions: UInt64 = 0
    /// Runs, streams and ids dropped for the limits since the log was opened.
    private(set) var forgotten = 0

    let limits: DedupLimits
    private let window: Int64

    init(limits: DedupLimits, window: Duration) {
        self.limits = limits
        self.window = window.wholeMilliseconds
    }

    var idCount: Int { ids.count + olderIds.count }

    /// Adds a line; returns false if the log already contains it.
    mutating func admit(_ key: ScannedLine.Key, at now: Timestamp) -> Bool {
        switch key {
        case .none: return true
        case .sequence(let stream, let seq):
            admissions += 1
            let ordinal = admissions
            let (isNew, runs) = streams.update(stream) { mark in
                mark.touched = ordinal
                return (mark.insert(seq), mark.runCount)
            }
            if isNew, runs > limits.runsPerStream || streams.count > limits.streams {
                bound(stream)
            }
            return isNew
        case .id(let id):
            if let seen = ids[id] ?? olderIds[id], isWithin(seen, now) { return false }
            turnGeneration(now)
            ids.update(id) { $0 = now.milliseconds }
            newest = newest.map { max($0, now) } ?? now
            return true
        }
    }

    /// Whether the log already contains the line.
    func holds(_ key: ScannedLine.Key, at now: Timestamp) -> Bool {
        switch key {
        case .none: false
        case .sequence(let stream, let seq): streams[stream]?.contains(seq) ?? false
        case .id(let id): (ids[id] ?? olderIds[id]).map { isWithin($0, now) } ?? false
        }
    }

    /// Removes a key that `admit` added and whose line was not stored.
    mutating func withdraw(_ key: ScannedLine.Key) {
        switch key {
        case .none: break
        case .sequence(let stream, let seq):
            if streams[stream] != nil { streams.update(stream) { $0.remove(seq) } }
        case .id(let id):
            ids.remove(id)
            olderIds.remove(id)
        }
    }

    private func isWithin(_ seen: Int64, _ now: Timestamp) -> Bool {
        // A start whose wall clock is behind does not end the window early.
        now.milliseconds &- seen < window
    }

    private mutating func turnGeneration(_ now: Timestamp) {
        if generationStart == .min { generationStart = now.milliseconds }
        let full = ids.count >= max(1, limits.ids / 2)
        guard full || now.milliseconds &- generationStart >= window else { return }
        if full {
            forgotten += olderIds.entries.count { isWithin($0.value, now) }
        }
        swap(&ids, &olderIds)
        ids.removeAll()
        generationStart = now.milliseconds
    }

    /// The streams, least recently used first.
    var streamsInOrder: [(key: Hash128, value: SequenceMark)] {
        streams.entries.sorted { $0.value.touched < $1.value.touched }
    }

    private mutating func bound(_ stream: Hash128) {
        forgotten += streams.update(stream) { $0.forget(beyond: limits.runsPerStream) }
        guard streams.count > limits.streams else { return }
        // Drops a quarter at once, so that sorting is rare.
        let surplus = max(1, limits.streams / 4)
        for entry in streamsInOrder.prefix(surplus) { streams.remove(entry.key) }
        forgotten += surplus
    }
}

// MARK: - On disk

extension DedupIndex {
    private static let magic: UInt64 = 0x324B_524D_4C57_4C42  // "BLWLMRK2", little-endian
    /// The previous version, whose ids do not include node and bytes.
    static let earlierMagic: UInt64 = 0x314B_524D_4C57_4C42  // "BLWLMRK1"

    /// Encodes the index as of the end of segment `covered`.
    func encoded(covering covered: UInt64) -> [UInt8] {
        var out = ByteWriter()
        out.write(Self.magic)
        out.write(covered)
        out.write(UInt64(streams.count))
        for (stream, mark) in streamsInOrder {
            out.write(stream)
            out.write(UInt64(mark.runCount))
            for run in mark.runs {
                out.write(run.lowerBound)
                out.write(run.upperBound)
            }
        }
        out.write(UInt64(ids.count + olderIds.count))
        for generation in [olderIds, ids] {
            for (id, seen) in generation.entries {
                out.write(id)
                out.write(UInt64(bitPattern: seen))
            }
        }
        return out.sealed()
    }

    /// Reads what `encoded` wrote; nil if the checksum or a value is wrong.
    ///
    /// Ids outside the window as of the latest arrival are dropped. Of the previous version, only the sequences are read and no segment counts as covered, so
    /// the ids are read again from the archives of the window.
    static func decode(
        _ bytes: [UInt8], limits: DedupLimits, window: Duration
    ) -> (marks: DedupIndex, covered: UInt64)? {
        guard var input = ByteReader(sealed: bytes), let version = input.read(),
            version == magic || version == earlierMagic,
            let covered = input.read(), let streamCount = input.read()
        else { return nil }
        var marks = DedupIndex(limits: limits, window: window)
        for _ in 0..<streamCount {
            guard let key = input.readHash(), let runCount = input.read() else { return nil }
            var runs: [ClosedRange<UInt64>] = []
            for _ in 0..<runCount {
                guard let low = input.read(), let high = input.read(), low <= high else {
                    return nil
                }
                runs.append(low...high)
            }
            marks.admissions += 1
            var mark = SequenceMark(runs: runs)
            mark.touched = marks.admissions
            marks.streams.update(key) { $0 = mark }
            marks.bound(key)
        }
        guard version == magic else { return (marks, 0) }
        guard let idCount = input.read() else { return nil }
        var arrivals: [(id: Hash128, at: Timestamp)] = []
        for _ in 0..<idCount {
            guard let id = input.readHash(), let seen = input.read() else { return nil }
            arrivals.append((id, Timestamp(milliseconds: Int64(bitPattern: seen))))
        }
        guard let latest = arrivals.lazy.map(\.at).max() else { return (marks, covered) }
        for arrival in arrivals where marks.isWithin(arrival.at.milliseconds, latest) {
            _ = marks.admit(.id(arrival.id), at: arrival.at)
        }
        return (marks, covered)
    }
}

/// The time by which ids are forgotten: goes on by the monotonic clock from the latest arrival.
///
/// A wall clock that is set, or was set while the node was off, neither ends the window early nor
/// prolongs it. While the node is off no time passes, and lines that the stored index lacks count as
/// new at a start: an id may be known for longer than the window, never for less.
struct DedupClock: Sendable {
    private let start: Timestamp
    private let stopwatch: Stopwatch

    /// - Parameters:
    ///   - newest: The latest arrival of an id before; nil if there is none.
    ///   - now: The wall clock's time.
    init(newest: Timestamp?, now: Timestamp, clock: any Clock<Duration>) {
        start = newest.map { min($0, now) } ?? now
        stopwatch = Stopwatch(clock)
    }

    var now: Timestamp { start + stopwatch.elapsed }
}

/// Stores the dedup index beside the segments. A new copy is written when a segment is closed.
///
/// The previous copy is kept, so that a start without the newest one reads only the segments since
/// then.
struct DedupIndexFile {
    let folder: LogFolder
    let usage: DiskUsage

    /// Without the files, opening the log reads the archives instead.
    func save(_ marks: DedupIndex, covering number: UInt64) {
        let bytes = marks.encoded(covering: number)
        let (path, older) = (
            folder.file(SegmentName.marks), folder.file(SegmentName.olderMarks)
        )
        if usage.hasSpace(forSideFile: bytes.count, copies: 3) {
            try? folder.files.rename(path, to: older)
        } else {
            try? folder.files.remove(older)
            guard usage.hasSpace(forSideFile: bytes.count, copies: 2) else {
                try? folder.files.remove(path)
                return
            }
        }
        try? folder.files.replace(path, in: folder.path, with: bytes)
    }
}

/// Limits of the memory for detecting duplicate lines.
///
/// When a limit is exceeded, the oldest entries are dropped: an old line may then be accepted
/// twice, but a new line is never rejected.
public struct DedupLimits: Sendable, Equatable {
    /// Sequences, one for each `(node, epoch)`.
    public var streams: Int
    /// Separate runs of numbers within one sequence: one more than its gaps.
    public var runsPerStream: Int
    /// Ids of lines without a sequence number.
    public var ids: Int

    public init(streams: Int = 65_536, runsPerStream: Int = 256, ids: Int = 262_144) {
        self.streams = streams
        self.runsPerStream = runsPerStream
        self.ids = ids
    }
}
