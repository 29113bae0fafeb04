import Events

/// Reads lines in order from a place on, across archives and plain segments.
///
/// A value that remembers where it stands; keeps no file open between calls, so
/// that a slow reader holds neither descriptors nor disk blocks. Every call blocks.
struct LineSource: Sendable {
    let view: any LogView
    private(set) var position: LogPosition
    /// Lines known to be lost since the source was made: removed or damaged.
    private(set) var skipped = 0

    /// The place in a plain file that `position` was last found at.
    private var hint: (segment: UInt64, logical: UInt64, physical: Int)?
    private var plan: (segment: UInt64, query: JournalQuery, plan: SegmentPlan)?
    private var member: (segment: UInt64, start: UInt64, selection: MemberSelection)?
    /// How many members are inflated next.
    private var width = 1
    /// And how many at most.
    private let widest: Int
    private var ahead = ArchivesAhead()
    /// Bytes of lines looked at in this read, and how many are allowed.
    private var looked = 0
    private var budget = Int.max
    /// Members of archives that had to be inflated.
    private(set) var inflated = 0
    private var segments: [LogFolder.Segment] = []

    private var folder: LogFolder { view.folder }
    private var files: any LogFileSystem { view.folder.files }

    init(_ view: any LogView, from position: LogPosition, widest: Int = Archive.widest) {
        self.view = view
        self.widest = widest
        self.position = position
    }

    /// Whether to go on after a line.
    enum Answer { case more, enough }

    /// Calls `visit` for each line that `query` wants with the place after it, until
    /// it has enough, about `budget` bytes were looked at, or the acknowledged lines
    /// end or those of segment `last`. Returns whether it stopped for the end.
    @discardableResult
    mutating func read(
        _ query: JournalQuery = .all, budget: Int = .max, through last: UInt64 = .max,
        _ visit: (_ line: UnsafeRawBufferPointer, _ end: LogPosition) -> Answer
    ) throws(JournalError) -> Bool {
        let horizon: LogPosition
        do throws(SystemFault) { horizon = try view.horizon() } catch { throw error.journalError }
        looked = 0
        self.budget = budget
        // A segment may be sealed or removed between looking and opening.
        var retries = 0
        while position < horizon, position.segment <= last {
            do throws(SystemFault) {
                let answer =
                    position.segment == horizon.segment
                    ? try readActive(until: horizon, query, visit)
                    : try readClosed(before: horizon, query, visit)
                if answer == .enough { return false }
                retries = 0
            } catch {
                guard error.isAbsence, retries < 8 else { throw error.journalError }
                retries += 1
                segments = []
            }
        }
        return true
    }

    private mutating func advance(to position: LogPosition) {
        self.position = position
    }

    /// Goes on with segment `number`; those in between are gone.
    private mutating func jump(to number: UInt64) {
        guard number > position.segment else { return }
        skipped +|= view.removed().lines(after: position, before: number)
        advance(to: LogPosition(segment: number, offset: 0))
    }

    // MARK: - Segments

    private mutating func readActive(
        until horizon: LogPosition, _ query: JournalQuery,
        _ visit: (UnsafeRawBufferPointer, LogPosition) -> Answer
    ) throws(SystemFault) -> Answer {
        if let file = try openActive(horizon.segment) {
            defer { files.close(file) }
            return try readPlain(file, until: horizon.offset, query, visit)
        }
        // Rotated since, or in this moment: it has its own name now.
        segments = try folder.segments()
        guard let closed = segments.first(where: { $0.name.number == horizon.segment }) else {
            throw SystemFault(
                "open", folder.file(SegmentName.active), code: SystemFault.absence)
        }
        if closed.sealed {
            let answer = try readArchive(closed.name, query, visit)
            // It may hold more than was known when the read began.
            if answer == .more { advance(to: max(position, horizon)) }
            return answer
        }
        let file = try files.openToRead(folder.file(closed.name.plain))
        defer { files.close(file) }
        return try readPlain(file, until: horizon.offset, query, visit)
    }

    /// The open segment's file; nil when it is not there or not number `segment`.
    private func openActive(_ segment: UInt64) throws(SystemFault) -> LogFile? {
        let file: LogFile
        do throws(SystemFault) {
            file = try files.openToRead(folder.file(SegmentName.active))
        } catch {
            if error.isAbsence { return nil }
            throw error
        }
        do throws(SystemFault) {
            if try CommitLine.header(of: file, files: files)?.segment == segment { return file }
        } catch {
            files.close(file)
            throw error
        }
        files.close(file)
        return nil
    }

    private mutating func readClosed(
        before horizon: LogPosition, _ query: JournalQuery,
        _ visit: (UnsafeRawBufferPointer, LogPosition) -> Answer
    ) throws(SystemFault) -> Answer {
        if segments.last.map({ $0.name.number < position.segment }) ?? true {
            segments = try folder.segments()
        }
        guard let segment = segments.first(where: { $0.name.number >= position.segment }),
            segment.name.number < horizon.segment
        else {
            jump(to: horizon.segment)
            return .more
        }
        jump(to: segment.name.number)
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
        _ file: LogFile, until end: UInt64, _ query: JournalQuery,
        _ visit: (UnsafeRawBufferPointer, LogPosition) -> Answer
    ) throws(SystemFault) -> Answer {
        let segment = position.segment
        let filter = LinePrefilter(query.condition)
        var (logical, physical) = try start(in: file)
        // One buffer for all pieces: it is larger than what the allocator keeps at hand.
        var bytes: [UInt8] = []
        while logical < end {
            try files.read(file, into: &bytes, at: physical, count: 256 * 1024)
            var answer = Answer.more
            var used = (logical: 0, physical: 0)
            bytes.withUnsafeBytes { bytes in
                let look = { (range: Range<Int>, stop: Int) -> Bool in
                    let after = LogPosition(segment: segment, offset: logical + UInt64(stop))
                    guard after.offset <= end else { return false }
                    // Seen before; or a place inside a line, from a cursor that was tampered with.
                    guard after.offset > position.offset +| UInt64(range.count) else { return true }
                    let line = UnsafeRawBufferPointer(rebasing: bytes[range])
                    guard !line.isFiller, query.matches(stored: line) else { return true }
                    answer = visit(line, after)
                    advance(to: after)
                    if answer == .enough { used = (stop, range.upperBound + 1) }
                    return answer == .more
                }
                if filter.isOpen {
                    used = PlainPiece.forEachLine(in: bytes, look)
                } else {
                    let piece = PlainPiece(bytes)
                    used = (piece.logical, piece.bytes.count)
                    piece.forEachCandidate(filter, look)
                }
            }
            looked += used.physical
            // Nothing whole where more was acknowledged: the file was cut by somebody else.
            if used.physical == 0 {
                used.logical = Int(clamping: end - logical)
                skipped += lost(of: segment, from: max(logical, position.offset), to: end, file)
            }
            let reached = logical + UInt64(used.logical)
            // What follows `end` is read again once it is acknowledged.
            if reached <= end { hint = (segment, reached, physical + used.physical) }
            if answer == .enough { return .enough }
            // Not back: the piece may end before the place that was asked for.
            advance(to: max(position, LogPosition(segment: segment, offset: min(reached, end))))
            (logical, physical) = (reached, physical + used.physical)
            if looked >= budget { return .enough }
        }
        return .more
    }

    /// About how many lines lie in a stretch of a plain segment that can't be read any more.
    private func lost(of segment: UInt64, from start: UInt64, to end: UInt64, _ file: LogFile)
        -> Int
    {
        guard start < end, let plain = try? view.plain(segment, file: file) else { return 0 }
        let share = Double(end - start) / Double(max(end, 1))
        return max(1, Int((Double(plain.lines ?? 0) * share).rounded()))
    }

    private mutating func start(in file: LogFile) throws(SystemFault) -> (UInt64, Int) {
        if let hint, hint.segment == position.segment, hint.logical <= position.offset {
            return (hint.logical, hint.physical)
        }
        guard position.offset > 0 else { return (0, 0) }
        return try view.plain(position.segment, file: file).checkpoints
            .place(before: position.offset)
    }

    // MARK: - Archives

    private mutating func readArchive(
        _ name: SegmentName, _ query: JournalQuery,
        _ visit: (UnsafeRawBufferPointer, LogPosition) -> Answer
    ) throws(SystemFault) -> Answer {
        let archive = Archive(folder: folder, name: name)
        let plan = try plan(query, for: archive)
        let members = plan.segment.members
        var foundAny = false
        defer { ahead.note(foundAny) }
        var i = plan.segment.member(after: position.offset)
        while i < members.count {
            var group: [Int] = []
            while i < members.count, group.count < width {
                if plan.shares[i] != .none { group.append(i) }
                i += 1
            }
            let selections = try select(query, from: group.map { members[$0] }, of: archive)
            var found = 0
            for (place, selection) in zip(group, selections) {
                let end = LogPosition(segment: name.number, offset: members[place].end)
                if let selection {
                    found += selection.lines.count
                    foundAny = foundAny || !selection.lines.isEmpty
                    looked += members[place].plain
                    member = (name.number, members[place].start, selection)
                    if show(selection, from: members[place].start, visit) == .enough {
                        return .enough
                    }
                } else {
                    skipped +|= members[place].lines
                }
                advance(to: end)
            }
            if let last = members[..<i].last {
                advance(to: LogPosition(segment: name.number, offset: last.end))
            }
            // Where little matches, more can be inflated without holding many lines.
            width = found < 64 * group.count ? min(width * 2, widest) : 2
            if looked >= budget { return .enough }
        }
        return .more
    }

    /// What the members hold, the one that was read last without inflating it again.
    private mutating func select(
        _ query: JournalQuery, from members: [SegmentIndex.Member], of archive: Archive
    ) throws(SystemFault) -> [MemberSelection?] {
        if let first = members.first, let member, member.segment == archive.name.number,
            member.start == first.start
        {
            let rest = Array(members.dropFirst())
            inflated += rest.count
            return [member.selection] + (try archive.select(query, from: rest))
        }
        inflated += members.count
        if let known = ahead.selections(of: members, in: archive.name.number) { return known }
        return try archive.select(query, from: members)
    }

    private mutating func show(
        _ selection: MemberSelection, from start: UInt64,
        _ visit: (UnsafeRawBufferPointer, LogPosition) -> Answer
    ) -> Answer {
        let seen = position.offset > start ? Int(clamping: position.offset - start) : 0
        return selection.bytes.withUnsafeBytes { bytes in
            // A place inside a line, from a cursor that was tampered with, is passed over.
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

    private mutating func plan(
        _ query: JournalQuery, for archive: Archive
    ) throws(SystemFault) -> SegmentPlan {
        if let plan, plan.segment == archive.name.number, plan.query == query { return plan.plan }
        if member?.segment != archive.name.number || plan?.query != query { member = nil }
        ahead.look(query, from: archive.name.number, among: segments, in: folder)
        let made: SegmentPlan
        if let known = ahead.plan(for: archive.name.number) {
            made = known
        } else {
            made = try archive.plan(query)
        }
        plan = (archive.name.number, query, made)
        return made
    }
}
