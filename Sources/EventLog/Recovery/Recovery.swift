import Events
import Telemetry

/// Opens a log: completes what a crash interrupted and reads the state on disk.
struct Recovery {
    var marks: DedupIndex
    var active: ActiveSegment?
    var number: UInt64 = 1
    /// Where the last closed segment ends, for the header of a new one.
    var after: UInt64 = 0
    var archives: [DiskUsage.Archive] = []
    /// Closed, unsealed segments, sorted by number.
    var closed: [Closed] = []
    /// The last segment that is not open.
    var newest: SegmentName?
    /// The dedup index, if segments had to be read for it; to be saved for the next start.
    var unsaved: (marks: DedupIndex, covering: UInt64)?
    var activePlain = LogState.Plain(end: 0, checkpoints: Checkpoints())
    var tornBytes = 0
    /// Losses that the log's own records show.
    var missing: [LogDamage] = []

    /// A closed segment that is not sealed.
    struct Closed: Sendable {
        var name: SegmentName
        var plain: LogState.Plain
        /// The size of the file.
        var bytes: Int
        /// Where the acknowledged lines ended, and how many there were, if known. Sealing reports
        /// those that are missing.
        var end: UInt64
        var lines: Int?
    }

    /// How far the log was acknowledged before this start.
    let known: HeadFile.Record?
    let folder: LogFolder
    private let lines: LineGuard
    /// Guards the lines of an archive whose index is lost.
    private let queries: QueryGuard
    private let telemetry: Telemetry
    var files: any LogFileSystem { folder.files }

    init(
        _ folder: LogFolder, configuration: EventLogConfiguration, now: Timestamp,
        lines: LineGuard, queries: QueryGuard, telemetry: Telemetry
    ) throws(SystemFault) {
        self.folder = folder
        self.lines = lines
        self.queries = queries
        self.telemetry = telemetry
        marks = DedupIndex(limits: configuration.markLimits, window: configuration.dedupWindow)
        known = try HeadFile.read(in: folder)
        let sizes = try sizesOfTheGone()
        try tidy()
        let segments = try folder.segments()
        let covered = try loadMarks(configuration)
        let activeHeader = try header(of: SegmentName.active)
        // By the log's own times: the clock may have been set forward since.
        let latest = activeHeader?.at ?? segments.last?.name.began ?? now
        let since = min(now, latest) - configuration.dedupWindow
        for (i, segment) in segments.enumerated() {
            if segment.sealed {
                try readArchive(segment.name, covered: covered, since: since)
            } else {
                let following = i + 1 < segments.count ? segments[i + 1] : nil
                var limit: UInt64?
                if let following {
                    // The header of the next segment records where this one ends.
                    if !following.sealed, following.name.number == segment.name.number + 1 {
                        limit = try header(of: following.name.plain)?.after
                    }
                } else if let activeHeader, activeHeader.segment == segment.name.number + 1 {
                    limit = activeHeader.after
                }
                try readClosed(segment.name, limit: limit, covered: covered)
            }
            number = segment.name.number + 1
            newest = segment.name
        }
        if number - 1 > covered { unsaved = (marks, number - 1) }
        try openActive()
        try noteMissing(sizes)
    }

    // MARK: - Interrupted work

    /// Removes useless files: temporary files, closed files of sealed segments, and indexes
    /// without an archive.
    private func tidy() throws(SystemFault) {
        let entries = try folder.entries()
        var archives: Set<SegmentName> = []
        for case .archive(let name) in entries { archives.insert(name) }
        for entry in entries {
            switch entry {
            case .temporary(let name): try files.remove(folder.file(name))
            case .closed(let name) where archives.contains(name):
                try files.remove(folder.file(name.plain))
            case .index(let name) where !archives.contains(name):
                try files.remove(folder.file(name.index))
            default: break
            }
        }
    }

    // MARK: - Dedup index

    /// Loads the dedup index; returns the last segment that it covers.
    ///
    /// Falls back to the older copy: then only the segments after it have to be read.
    private mutating func loadMarks(
        _ configuration: EventLogConfiguration
    ) throws(SystemFault) -> UInt64 {
        for name in [SegmentName.marks, SegmentName.olderMarks] {
            guard let bytes = try files.contents(folder.file(name)) else { continue }
            let found = DedupIndex.decode(
                bytes, limits: configuration.markLimits, window: configuration.dedupWindow)
            if let found {
                marks = found.marks
                return found.covered
            }
            telemetry.emit(
                DamageFound(
                    path: folder.file(name),
                    what: "corrupt; reading the segments that it covered instead"))
        }
        return 0
    }

    // MARK: - Segments

    private mutating func readArchive(
        _ name: SegmentName, covered: UInt64, since: Timestamp
    ) throws(SystemFault) {
        let archive = Archive(folder: folder, name: name, queries: queries)
        let outline = try archive.outline()
        let besides = folder.file(name.index)
        let allocated =
            try files.facts(folder.file(name.archive)).allocated
            +| (files.exists(besides) ? files.facts(besides).allocated : 0)
        archives.append(
            DiskUsage.Archive(
                name: name, allocated: allocated, closedAt: outline.closedAt,
                lines: outline.lines, end: outline.end))
        after = outline.end
        guard name.number > covered, outline.closedAt >= since else { return }
        let index = try archive.index()
        for start in stride(from: 0, to: index.members.count, by: Archive.widest) {
            let members = Array(index.members[start...].prefix(Archive.widest))
            try readMembers(members, of: archive, at: index.closedAt)
        }
    }

    /// Reads members in parallel, or line by line if lines among them crashed a process.
    private mutating func readMembers(
        _ members: [SegmentIndex.Member], of archive: Archive, at closed: Timestamp
    ) throws(SystemFault) {
        guard let first = members.first, let last = members.last else { return }
        var marks = self.marks
        let number = archive.name.number
        let telemetry = self.telemetry
        let folder = self.folder
        func reportDamage(_ member: SegmentIndex.Member) {
            telemetry.emit(
                DamageFound(
                    path: folder.file(archive.name.archive),
                    what: "\(member.lines) lines at byte \(member.offset) can't be read"))
        }
        try lines.reading { reading throws(SystemFault) in
            let isCalm = reading.admits(
                from: LogPosition(segment: number, offset: first.start + 1),
                to: LogPosition(segment: number, offset: last.end),
                lines: members.reduce(0) { $0 + $1.lines })
            guard !isCalm else {
                let found = ParallelWork.map(members.count) { i in
                    Result { () throws(SystemFault) in try Self.keys(of: members[i], in: archive) }
                }
                for (member, result) in zip(members, found) {
                    guard let keys = try result.get() else {
                        reportDamage(member)
                        continue
                    }
                    for key in keys { _ = marks.admit(key, at: closed) }
                }
                return
            }
            for member in members {
                guard let bytes = try archive.lines(of: member, with: Inflater()) else {
                    reportDamage(member)
                    continue
                }
                bytes.withUnsafeBytes { bytes in
                    Self.admit(
                        bytes, from: LogPosition(segment: number, offset: member.start),
                        at: closed, to: &marks, &reading)
                }
            }
        }
        self.marks = marks
    }

    /// Returns the dedup keys of a member's lines; nil if the member is damaged.
    private static func keys(
        of member: SegmentIndex.Member, in archive: Archive
    ) throws(SystemFault) -> [ScannedLine.Key]? {
        guard let bytes = try archive.lines(of: member, with: Inflater()) else { return nil }
        var keys: [ScannedLine.Key] = []
        keys.reserveCapacity(member.lines)
        bytes.withUnsafeBytes { bytes in
            bytes.forEachLine { line, _ in
                if let scanned = try? ScannedLine(line, from: .log) {
                    keys.append(scanned.key)
                }
            }
        }
        return keys
    }

    /// Adds the lines that begin at `start` to the dedup index.
    private static func admit(
        _ bytes: UnsafeRawBufferPointer, from start: LogPosition, at moment: Timestamp,
        to marks: inout DedupIndex, _ reading: inout LineGuard.Reading
    ) {
        bytes.forEachLine { line, place in
            let end = LogPosition(
                segment: start.segment, offset: start.offset &+ UInt64(place + line.count + 1))
            guard reading.admits(line, endingAt: end) else { return }
            if let scanned = try? ScannedLine(line, from: .log) {
                _ = marks.admit(scanned.key, at: moment)
            }
        }
    }

    private mutating func readClosed(
        _ name: SegmentName, limit: UInt64?, covered: UInt64
    ) throws(SystemFault) {
        let file = try files.openToRead(folder.file(name.plain))
        defer { files.close(file) }
        // The dedup index covers its lines and the next header records its end: sealing reads it
        // later.
        let size = try files.facts(file).bytes
        if let limit, limit > 0, name.number <= covered, size > limit {
            after = limit
            closed.append(
                Closed(
                    name: name, plain: LogState.Plain(end: limit, checkpoints: Checkpoints()),
                    bytes: size, end: limit))
            return
        }
        let scan = try scan(file, limit: limit, covered: covered)
        guard scan.end > 0 else {
            try files.remove(folder.file(name.plain))
            return
        }
        add(name, scan, size: size, end: limit)
        after = closed.last?.end ?? scan.end
    }

    private mutating func add(_ name: SegmentName, _ scan: PlainScan, size: Int, end: UInt64?) {
        var acknowledged = (end: max(scan.end, end ?? 0), lines: Int?.none)
        if let known, known.head.segment == name.number, known.head.offset >= scan.end {
            acknowledged = (known.head.offset, known.lines)
        }
        closed.append(
            Closed(
                name: name,
                plain: LogState.Plain(
                    end: scan.end, checkpoints: scan.checkpoints, lines: scan.lines),
                bytes: size, end: acknowledged.end, lines: acknowledged.lines))
    }

    private mutating func scan(
        _ file: LogFile, limit: UInt64?, covered: UInt64
    ) throws(SystemFault) -> PlainScan {
        var marks = self.marks
        let files = self.files
        let scan = try lines.reading { reading throws(SystemFault) in
            try PlainScan(file, files: files, limit: limit) { group, commit in
                guard commit.segment > covered else { return }
                let start = LogPosition(
                    segment: commit.segment, offset: commit.end &- UInt64(commit.bytes))
                // Not the commit's own time if the index has one: the clock may have been set in
                // between. The lines then count as younger than they are.
                let moment = marks.newest ?? commit.at
                Self.admit(group, from: start, at: moment, to: &marks, &reading)
            }
        }
        self.marks = marks
        if scan.damagedGroups > 0 {
            telemetry.emit(
                DamageFound(path: file.path, what: "\(scan.damagedGroups) groups are corrupt"))
        }
        return scan
    }

    /// Returns the header of an unsealed segment; nil if it is missing or damaged.
    private func header(of name: String) throws(SystemFault) -> CommitLine? {
        let file: LogFile
        do throws(SystemFault) { file = try files.openToRead(folder.file(name)) } catch {
            if error.isAbsence { return nil }
            throw error
        }
        defer { files.close(file) }
        return try CommitLine.header(of: file, files: files)
    }

    /// Truncates the open segment to its last whole group.
    ///
    /// Leaves `active` nil if the segment cannot be continued.
    private mutating func openActive() throws(SystemFault) {
        let path = folder.file(SegmentName.active)
        guard try files.exists(path) else { return }
        let file = try files.openToWrite(path, fresh: false)
        do throws(SystemFault) {
            let scan = try scan(file, limit: nil, covered: 0)
            let size = try files.facts(file).bytes
            // Sealing drops damaged groups, so no line is appended to a segment with one: it is
            // closed and a new one is opened.
            guard let number = scan.number, number >= self.number, scan.damagedGroups == 0,
                !lacksAcknowledged(scan)
            else {
                files.close(file)
                try giveUpActive(scan, size: size)
                return
            }
            tornBytes = size - scan.physicalEnd
            if tornBytes > 0 {
                try files.truncate(file, to: scan.physicalEnd)
                try files.sync(file)
            }
            self.number = number
            activePlain = LogState.Plain(
                end: scan.end, checkpoints: scan.checkpoints, lines: scan.lines)
            active = ActiveSegment(
                file: file, number: number, after: scan.after ?? after, end: scan.end,
                physicalEnd: scan.physicalEnd, lines: scan.lines, firstAt: scan.firstAt,
                lastAt: scan.lastAt)
        } catch {
            files.close(file)
            throw error
        }
    }
}

extension Recovery {
    /// When the newest line was accepted, as far as that is known without reading lines.
    var newestAt: Timestamp? {
        active?.lastAt ?? closed.last?.name.began ?? archives.last?.closedAt
    }

    /// Closes the file of an open segment that cannot be continued.
    ///
    /// That is the case if it has no valid commit line, damage, missing acknowledged lines, or
    /// a number below that of a closed segment. Its valid lines, if any, are kept as a segment.
    private mutating func giveUpActive(
        _ scan: PlainScan, size: Int
    ) throws(SystemFault) {
        let path = folder.file(SegmentName.active)
        guard let number = scan.number, let first = scan.firstAt else {
            tornBytes = size
            try files.remove(path)
            return
        }
        let name = SegmentName(first: first, number: number, after: newest)
        try files.rename(path, to: folder.file(name.plain))
        newest = name
        add(name, scan, size: size, end: nil)
        if number >= self.number {
            self.number = number + 1
            after = closed.last?.end ?? scan.end
        }
    }
}

extension CommitLine {
    /// Returns the header at the start of an unsealed segment; nil if it is missing or damaged.
    static func header(
        of file: LogFile, files: any LogFileSystem
    ) throws(SystemFault) -> CommitLine? {
        let start = try files.read(file, at: 0, count: 512)
        return start.withUnsafeBytes { bytes in
            guard let newline = bytes.firstNewline(from: 0) else { return nil }
            return CommitLine(
                UnsafeRawBufferPointer(rebasing: bytes[..<newline]), groupChecksum: 0)
        }
    }

    /// Returns the number of an unsealed segment from its header, or, if that is damaged, from
    /// its first valid group; nil if there is none.
    static func number(
        of file: LogFile, files: any LogFileSystem
    ) throws(SystemFault) -> UInt64? {
        if let header = try header(of: file, files: files) { return header.segment }
        var reader = GroupReader(file, files: files)
        return try reader.next()?.commit.segment
    }
}
