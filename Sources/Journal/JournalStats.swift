public import Events

/// What a log holds, segment by segment.
public struct JournalStats: Sendable, Equatable {
    public struct Segment: Sendable, Equatable {
        public enum State: String, Sendable { case active, closed, sealed }

        public let number: UInt64
        /// The file's name below `log/`.
        public let file: String
        public let state: State
        public let lines: Int
        /// Bytes of lines.
        public let bytes: Int
        /// Bytes of disk blocks, the index included.
        public let allocated: Int
        /// The earliest and latest `ts` of a sealed segment; of another the times
        /// when its first and last line were accepted. nil when it has none.
        public let earliest: Timestamp?
        public let latest: Timestamp?
    }

    /// By number.
    public internal(set) var segments: [Segment] = []

    public var lines: Int { segments.reduce(0) { $0 +| $1.lines } }
    public var bytes: Int { segments.reduce(0) { $0 +| $1.bytes } }
    public var allocated: Int { segments.reduce(0) { $0 +| $1.allocated } }
    public var earliest: Timestamp? { segments.compactMap(\.earliest).min() }
    public var latest: Timestamp? { segments.compactMap(\.latest).max() }

    /// Lines a second over the span; nil when there is no span.
    public var linesPerSecond: Double? {
        guard let earliest, let latest, earliest < latest else { return nil }
        return Double(lines) / (latest - earliest).inSeconds
    }

    init(_ folder: LogFolder) throws(SystemFault) {
        for segment in try folder.segments() {
            if segment.sealed {
                segments.append(try Self.sealed(segment.name, folder))
            } else if let plain = try Self.plain(segment.name.plain, .closed, folder) {
                segments.append(plain)
            }
        }
        if let active = try Self.plain(SegmentName.active, .active, folder) {
            segments.append(active)
        }
    }

    private static func sealed(
        _ name: SegmentName, _ folder: LogFolder
    ) throws(SystemFault) -> Segment {
        let index = try Archive(folder: folder, name: name).index()
        let beside = (try? folder.files.facts(folder.file(name.index)))?.allocated ?? 0
        return Segment(
            number: name.number, file: name.archive, state: .sealed, lines: index.lines,
            bytes: Int(clamping: index.end),
            allocated: try folder.files.facts(folder.file(name.archive)).allocated + beside,
            earliest: index.earliest.flatMap(Self.moment),
            latest: index.latest.flatMap(Self.moment))
    }

    /// nil for a time that no event has: of a member that can't be read the index knows none.
    private static func moment(_ milliseconds: Int64) -> Timestamp? {
        let moment = Timestamp(milliseconds: milliseconds)
        return Timestamp.range.contains(moment) ? moment : nil
    }

    /// nil when the file is gone or holds no commit line.
    private static func plain(
        _ name: String, _ state: Segment.State, _ folder: LogFolder
    ) throws(SystemFault) -> Segment? {
        let file: LogFile
        do throws(SystemFault) { file = try folder.files.openToRead(folder.file(name)) } catch {
            if error.isAbsence { return nil }
            throw error
        }
        defer { folder.files.close(file) }
        let scan = try PlainScan(file, files: folder.files)
        guard let number = scan.number else { return nil }
        return Segment(
            number: number, file: name, state: state, lines: scan.lines,
            bytes: Int(clamping: scan.end),
            allocated: try folder.files.facts(file).allocated, earliest: scan.firstAt,
            latest: scan.lastAt)
    }
}
