import Core
public import Events

/// The contents of a log, segment by segment.
public struct EventLogStats: Sendable, Equatable {
    public struct Segment: Sendable, Equatable {
        public enum State: String, Sendable { case active, closed, sealed }

        public let number: UInt64
        /// The file's name in `log/`.
        public let file: String
        public let state: State
        public let lines: Int
        /// Bytes of lines.
        public let bytes: Int
        /// Bytes of disk blocks; for a sealed segment, including the index.
        public let allocated: Int
        /// The earliest and latest `ts` of a sealed segment; for other segments, when the first
        /// and last line were accepted. nil if there is none.
        public let earliest: Timestamp?
        public let latest: Timestamp?
    }

    /// Sorted by number.
    public internal(set) var segments: [Segment] = []

    public var lines: Int { segments.reduce(0) { $0 +| $1.lines } }
    public var bytes: Int { segments.reduce(0) { $0 +| $1.bytes } }
    public var allocated: Int { segments.reduce(0) { $0 +| $1.allocated } }
    public var earliest: Timestamp? { segments.compactMap(\.earliest).min() }
    public var latest: Timestamp? { segments.compactMap(\.latest).max() }

    /// Lines per second between `earliest` and `latest`; nil if these do not span any time.
    public var linesPerSecond: Double? {
        guard let earliest, let latest, earliest < latest else { return nil }
        return Double(lines) / (latest - earliest).inSeconds
    }

    /// Files whose lines are not all counted, each with the reason: damaged or unreadable.
    public private(set) var faults: [String] = []

    /// Reads a log's files, off the cooperative pool.
    static func read(
        _ folder: LogFolder, guardedBy queries: QueryGuard?
    ) async throws(EventLogError) -> EventLogStats {
        try await BlockingExecutor.log.run { () throws(EventLogError) in
            do throws(SystemFault) {
                return try EventLogStats(folder, guardedBy: queries)
            } catch { throw error.eventLogError }
        }
    }

    init(_ folder: LogFolder, guardedBy queries: QueryGuard? = nil) throws(SystemFault) {
        let found = try folder.segments()
        for (i, segment) in found.enumerated() {
            if i.isMultiple(of: ReadPlan.atOnce) {
                folder.expectIndexes(of: found.dropFirst(i))
            }
            let name = segment.sealed ? segment.name.archive : segment.name.plain
            try add(name) { stats throws(SystemFault) in
                if segment.sealed {
                    try stats.add(Archive(folder: folder, name: segment.name, queries: queries))
                } else {
                    try stats.add(plain: name, .closed, folder)
                }
            }
        }
        try add(SegmentName.active) { stats throws(SystemFault) in
            try stats.add(plain: SegmentName.active, .active, folder)
        }
    }

    /// Runs `body` on the file `name`. An unreadable file becomes a fault; a missing one is
    /// ignored.
    private mutating func add(
        _ name: String, _ body: (inout Self) throws(SystemFault) -> Void
    ) throws(SystemFault) {
        do throws(SystemFault) { try body(&self) } catch {
            if error.isAbsence { return }
            faults.append("\(name): can't be read: \(SystemFault.words(error.code))")
        }
    }

    private mutating func add(_ archive: Archive) throws(SystemFault) {
        let (folder, name) = (archive.folder, archive.name)
        let index = try archive.index()
        let beside = (try? folder.files.facts(folder.file(name.index)))?.allocated ?? 0
        let known = index.members.filter { $0.earliest <= $0.latest }
        segments.append(
            Segment(
                number: name.number, file: name.archive, state: .sealed,
                lines: index.lines -| index.unreadable, bytes: Int(clamping: index.end),
                allocated: try folder.files.facts(folder.file(name.archive)).allocated +| beside,
                earliest: known.compactMap { Self.moment($0.earliest) }.min(),
                latest: known.compactMap { Self.moment($0.latest) }.max()))
        if index.unreadable > 0 {
            faults.append("\(name.archive): at least \(index.unreadable) lines can't be read")
        }
    }

    /// nil for a time outside the range of events: the index has none for an unreadable member.
    private static func moment(_ milliseconds: Int64) -> Timestamp? {
        let moment = Timestamp(milliseconds: milliseconds)
        return Timestamp.range.contains(moment) ? moment : nil
    }

    private mutating func add(
        plain name: String, _ state: Segment.State, _ folder: LogFolder
    ) throws(SystemFault) {
        let file = try folder.files.openToRead(folder.file(name))
        defer { folder.files.close(file) }
        let scan = try PlainScan(file, files: folder.files)
        let lost = scan.damage.reduce(0) { $0 +| $1.estimate }
        if lost > 0 { faults.append("\(name): at least \(lost) lines can't be read") }
        guard let number = scan.number else {
            faults.append("\(name): no intact group of lines in it")
            return
        }
        segments.append(
            Segment(
                number: number, file: name, state: state, lines: scan.lines,
                bytes: Int(clamping: scan.end),
                allocated: try folder.files.facts(file).allocated, earliest: scan.firstAt,
                latest: scan.lastAt))
    }
}

/// The state of the log at one moment.
public struct EventLogStatus: Sendable, Equatable {
    /// The position after the last acknowledged line.
    public var head: LogPosition
    /// Why lines are refused; nil while they are accepted.
    public var shedding: ShedReason?
    /// The lowest kind of line that is kept while space is short; nil if all kinds are.
    public var keeps: LineKind?
    public var durability: EventLogConfiguration.Durability
    /// Bytes of disk blocks used by segments and indexes, and the quota of `log/`.
    public var usedBytes: Int
    public var maxBytes: Int
    /// Number of sealed segments, and of closed ones that wait to be sealed.
    public var archives: Int
    public var unsealed: Int
    /// Number of the oldest segment on this disk.
    public var oldestSegment: UInt64
    /// Numbers of lines since the log was opened.
    public var appended: Int
    public var duplicates: Int
    public var rejected: Int
    /// Lines lost because space was short, by kind, and lines whose senders were asked to retry.
    public var shed: KindCounts
    public var deferred: Int
    public var isOpen: Bool
}
