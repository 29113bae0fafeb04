import Events

/// Reads lines in order from a position, across archives and plain segments.
///
/// A value type that stores its position. Keeps no file open between calls, so a slow reader
/// holds neither descriptors nor disk blocks. Every call blocks.
struct LineSource: Sendable {
    let view: any LogView
    private(set) var position: LogPosition
    /// Lines known to be lost since the source was created: removed, damaged or missing.
    private(set) var skipped = 0
    /// The part of `skipped` that is damaged or in missing files; estimated where only bytes are
    /// known.
    private(set) var damaged = 0
    /// The end of missing acknowledged lines at the end of the log, once they are counted.
    private var missingUpTo: LogPosition?

    /// The place in a plain file where the last read stopped.
    private var hint: (segment: UInt64, place: PlainPlace)?
    private var archives: ArchiveCursor
    /// Bytes of lines examined in this read, and their limit.
    private var looked = 0
    private var budget = Int.max
    /// The end of the acknowledged lines for this read.
    private var readUntil = LogPosition.start
    /// Number of archive members that were decompressed.
    var inflated: Int { archives.inflated }
    private var segments: [LogFolder.Segment] = []

    private var folder: LogFolder { view.folder }
    private var files: any LogFileSystem { view.folder.files }

    init(_ view: any LogView, from position: LogPosition, widest: Int = Archive.widest) {
        self.view = view
        archives = ArchiveCursor(widest: widest, guardedBy: view.queries)
        self.position = position
    }

    /// Whether to continue after a line.
    enum Answer { case more, enough }

    /// Calls `visit` for each line that matches `query`, with the position after it.
    ///
    /// Stops when `visit` returns `.enough`, after about `budget` bytes were examined, at the end
    /// of the acknowledged lines, or at the end of segment `last`. Returns whether it reached one
    /// of the two ends.
    @discardableResult
    mutating func read(
        _ query: EventLogQuery = .all, budget: Int = .max, through last: UInt64 = .max,
        _ visit: (_ line: UnsafeRawBufferPointer, _ end: LogPosition) -> Answer
    ) throws(EventLogError) -> Bool {
        let horizon: LogPosition
        do throws(SystemFault) { horizon = try view.horizon() } catch { throw error.eventLogError }
        looked = 0
        self.budget = budget
        readUntil = horizon
        // A segment may be sealed or removed after it was listed and before it is opened.
        var retries = 0
        while position < horizon, position.segment <= last, missingUpTo != horizon {
            do throws(SystemFault) {
                let answer =
                    position.segment == horizon.segment
                    ? try readActive(until: horizon, query, visit)
                    : try readClosed(before: horizon, query, visit)
                if answer == .enough { return false }
                retries = 0
            } catch {
                guard error.isAbsence else { throw error.eventLogError }
                retries += 1
                segments = []
                if retries <= 8 { continue }
                guard view.isForeign, position.segment == horizon.segment else {
                    throw error.eventLogError
                }
                // A rotation does not take that long: the open segment is gone.
                missing(
                    PlainDamage(range: 0..<0, bytes: horizon.offset - position.offset, lines: nil),
                    upTo: horizon)
            }
        }
        if view.hasUnreadableActive, missingUpTo == nil, last >= horizon.segment {
            missing(PlainDamage(range: 0..<0, bytes: 1, lines: nil), upTo: horizon)
        }
        return true
    }

    /// Counts lines that cannot be read.
    private mutating func lose(_ lines: Int) {
        skipped +|= lines
        damaged +|= lines
    }

    /// Counts acknowledged lines that are missing at the end of the log.
    ///
    /// The position stays before them, since the next start of the log continues there.
    private mutating func missing(_ damage: PlainDamage, upTo end: LogPosition) {
        lose(damage.estimate)
        missingUpTo = end
    }

    private mutating func advance(to position: LogPosition) {
        self.position = position
    }

    /// Continues with segment `number`; the segments in between are gone.
    private mutating func jump(to number: UInt64) throws(SystemFault) {
        guard number > position.segment else { return }
        let removed = try view.removed()
        skipped +|= removed.lines(after: position, before: number)
        // Segments that the log did not remove; their numbers of lines are unknown.
        if position.segment > 0 {
            lose(removed.unexplained(from: position.segment, before: number))
        }
        advance(to: LogPosition(segment: number, offset: 0))
    }

    // MARK: - Segments

    private mutating func readActive(
        until horizon: LogPosition, _ query: EventLogQuery,
        _ visit: (UnsafeRawBufferPointer, LogPosition) -> Answer
    ) throws(SystemFault) -> Answer {
        if let file = try openActive(horizon.segment) {
            defer { files.close(file) }
            return try readPlain(file, until: horizon.offset, query, visit)
        }
        // The segment was rotated and now has its own name.
        segments = try folder.segments()
        guard let closed = segments.first(where: { $0.name.number == horizon.segment }) else {
            throw SystemFault(
                "open", folder.file(SegmentName.active), code: SystemFault.absence)
        }
        if closed.sealed {
            let answer = try readArchive(closed.name, query, visit)
            // The archive may contain more than was acknowledged when the read began.
            if answer == .more { advance(to: max(position, horizon)) }
            return answer
        }
        let file = try files.openToRead(folder.file(closed.name.plain))
        defer { files.close(file) }
        return try readPlain(file, until: horizon.offset, query, visit)
    }

    /// The open segment's file; nil if it is missing or its number is not `segment`.
    private func openActive(_ segment: UInt64) throws(SystemFault) -> LogFile? {
        let file: LogFile
        do throws(SystemFault) {
            file = try files.openToRead(folder.file(SegmentName.active))
        } catch {
            if error.isAbsence { return nil }
            throw error
        }
        do throws(SystemFault) {
            if try CommitLine.number(of: file, files: files) == segment { return file }
        } catch {
            files.close(file)
            throw error
        }
        files.close(file)
        return nil
    }

    private mutating func readClosed(
        before horizon: LogPosition, _ query: EventLogQuery,
        _ visit: (UnsafeRawBufferPointer, LogPosition) -> Answer
    ) throws(SystemFault) -> Answer {
        if segments.last.map({ $0.name.number < position.segment }) ?? true {
            segments = try folder.segments()
        }
        guard let segment = segments.first(where: { $0.name.number >= position.segment }),
            segment.name.number < horizon.segment
        else {
            try jump(to: horizon.segment)
            return .more
        }
        try jump(to: segment.name.number)
        let answer: Answer
        if segment.sealed {
            answer = try readArchive(segment.name, query, visit)
        } else {
            let file = try files.openToRead(folder.file(segment.name.plain))
            defer { files.close(file) }
            let end = try view.plain(segment.name.number, file: file).end
            answer = try readPlain(file, until: end, query, visit)
        }
        if answer == .more {
            advance(to: LogPosition(segment: segment.name.number + 1, offset: 0))
        }
        return answer
    }

    // MARK: - Plain

    private mutating func readPlain(
        _ file: LogFile, until end: UInt64, _ query: EventLogQuery,
        _ visit: (UnsafeRawBufferPointer, LogPosition) -> Answer
    ) throws(SystemFault) -> Answer {
        let segment = position.segment
        let filter = LinePrefilter(query.condition)
        // Without a condition nothing of a line is examined.
        let queries = query == .all ? nil : view.queries
        var place = try start(in: file)
        // One buffer for all pieces: it is larger than what the allocator keeps for reuse.
        var bytes: [UInt8] = []
        while place.logical < end {
            if place.physical >= place.checked.physical {
                let found = try check(file, &place, until: end)
                if !found {
                    try lose(file, after: place, until: end)
                    return .more
                }
            }
            try files.read(
                file, into: &bytes, at: place.physical,
                count: min(256 * 1024, place.checked.physical - place.physical))
            let logical = place.logical
            var answer = Answer.more
            var used = (logical: 0, physical: 0)
            // Lines before the position are not examined.
            let from = LogPosition(segment: segment, offset: max(logical, position.offset))
            let pieceEnd = logical +| UInt64(clamping: bytes.count)
            let upTo = LogPosition(segment: segment, offset: max(from.offset, pieceEnd))
            QueryGuard.examine(from...upTo, for: query.guardName, guardedBy: queries) { step in
                bytes.withUnsafeBytes { bytes in
                    let look = { (range: Range<Int>, stop: Int) -> Bool in
                        let after = LogPosition(segment: segment, offset: logical + UInt64(stop))
                        guard after.offset <= end else { return false }
                        // Skip lines already seen, and a position inside a line, from a cursor
                        // that was tampered with.
                        guard after.offset > position.offset +| UInt64(range.count) else {
                            return true
                        }
                        let line = UnsafeRawBufferPointer(rebasing: bytes[range])
                        guard !line.isFiller, step.admits(line, endingAt: after),
                            query.matches(stored: line)
                        else { return true }
                        answer = visit(line, after)
                        advance(to: after)
                        if answer == .enough { used = (stop, range.upperBound + 1) }
                        return answer == .more
                    }
                    // The search for candidates examines lines, too.
                    if filter.isOpen || step.isAlone {
                        used = PlainPiece.forEachLine(in: bytes, look)
                    } else {
                        let piece = PlainPiece(bytes)
                        used = (piece.logical, piece.bytes.count)
                        piece.forEachCandidate(filter, look)
                    }
                }
                return answer == .more
            }
            looked += used.physical
            if used.physical == 0 {
                // Something else truncated the file after it was checked.
                lose(max(1, Int(clamping: (place.checked.logical - logical) / 512)))
                (place.logical, place.physical) = place.checked
            } else {
                place.logical += UInt64(used.logical)
                place.physical += used.physical
            }
            hint = (segment, place)
            if answer == .enough { return .enough }
            // Never move back: the piece may end before the requested position.
            advance(
                to: max(position, LogPosition(segment: segment, offset: min(place.logical, end))))
            if looked >= budget { return .enough }
        }
        return .more
    }

    /// Checks the next good groups, about one piece of them; returns false if there is none
    /// before `end`.
    ///
    /// Counts damaged lines before them as lost.
    private mutating func check(
        _ file: LogFile, _ place: inout PlainPlace, until end: UInt64
    ) throws(SystemFault) -> Bool {
        var reader = GroupReader(
            file, files: files, from: (place.logical, place.physical), number: position.segment,
            pieceBytes: 256 * 1024)
        var found = false
        while reader.physicalEnd - place.physical < 256 * 1024 || !found,
            let group = try reader.next(limit: end)
        {
            if let damage = group.damage {
                // Read the good groups before the damage first.
                if found { break }
                // Damage before the position is not counted.
                if group.start > position.offset { lose(damage.estimate) }
                (place.logical, place.physical) = (group.start, group.range.lowerBound)
            }
            place.checked = (group.commit.end, group.physicalEnd)
            found = true
        }
        return found
    }

    /// Counts the lines up to `end` that no good group contains.
    private mutating func lose(
        _ file: LogFile, after place: PlainPlace, until end: UInt64
    ) throws(SystemFault) {
        let start = max(place.logical, position.offset)
        guard start < end else { return }
        let scan = try PlainScan(file, files: files, limit: end)
        var damage =
            scan.tail(size: try files.facts(file).bytes, end: end)
            ?? PlainDamage(range: 0..<0, bytes: end - start, lines: nil)
        // The writer counted the lines of the whole segment.
        if damage.lines == nil, position.offset <= scan.end,
            let all = try view.plain(position.segment, file: file).lines,
            all > scan.lines +| scan.damagedLines
        {
            damage.lines = all - scan.lines - scan.damagedLines
        }
        let horizon = LogPosition(segment: position.segment, offset: end)
        if view.isForeign, position.segment == readUntil.segment {
            missing(damage, upTo: readUntil)
        } else {
            lose(damage.estimate)
            advance(to: horizon)
        }
    }

    private mutating func start(in file: LogFile) throws(SystemFault) -> PlainPlace {
        if let hint, hint.segment == position.segment, hint.place.logical <= position.offset {
            return hint.place
        }
        guard position.offset > 0 else { return PlainPlace(logical: 0, physical: 0) }
        let (logical, physical) = try view.plain(position.segment, file: file).checkpoints
            .place(before: position.offset)
        return PlainPlace(logical: logical, physical: physical)
    }

    // MARK: - Archives

    private mutating func readArchive(
        _ name: SegmentName, _ query: EventLogQuery,
        _ visit: (UnsafeRawBufferPointer, LogPosition) -> Answer
    ) throws(SystemFault) -> Answer {
        let archive = Archive(folder: folder, name: name, queries: view.queries)
        let plan = try archives.plan(query, for: archive, among: segments)
        let members = plan.segment.members
        var foundAny = false
        defer { archives.endArchive(foundAny: foundAny) }
        var i = plan.segment.member(after: position.offset)
        while i < members.count {
            var group: [Int] = []
            while i < members.count, group.count < archives.width {
                if plan.coverages[i] != .none { group.append(i) }
                i += 1
            }
            let selections = try archives.select(
                query, from: group.map { members[$0] }, of: archive)
            var found = 0
            for (place, selection) in zip(group, selections) {
                let end = LogPosition(segment: name.number, offset: members[place].end)
                if let selection {
                    found += selection.lines.count
                    foundAny = foundAny || !selection.lines.isEmpty
                    // Counted already if the member was read in part before.
                    if position.offset <= members[place].start { lose(selection.foreign) }
                    looked += members[place].plain
                    archives.keep(selection, of: members[place], in: name.number)
                    if show(selection, from: members[place].start, visit) == .enough {
                        return .enough
                    }
                } else {
                    lose(members[place].lines)
                }
                advance(to: end)
            }
            if let last = members[..<i].last {
                advance(to: LogPosition(segment: name.number, offset: last.end))
            }
            archives.endGroup(of: group.count, found: found)
            if looked >= budget { return .enough }
        }
        return .more
    }

    private mutating func show(
        _ selection: MemberSelection, from start: UInt64,
        _ visit: (UnsafeRawBufferPointer, LogPosition) -> Answer
    ) -> Answer {
        let seen = position.offset > start ? Int(clamping: position.offset - start) : 0
        return selection.bytes.withUnsafeBytes { bytes in
            // Skips a position inside a line, from a cursor that was tampered with.
            for range in selection.lines where range.lowerBound >= seen {
                let after = LogPosition(
                    segment: position.segment, offset: start + UInt64(range.upperBound + 1))
                let answer = visit(UnsafeRawBufferPointer(rebasing: bytes[range]), after)
                advance(to: after)
                if answer == .enough { return .enough }
            }
            return .more
        }
    }
}
