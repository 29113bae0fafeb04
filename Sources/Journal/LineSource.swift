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
    private var index: (segment: UInt64, index: SegmentIndex)?
    private var member: (segment: UInt64, start: UInt64, lines: [UInt8])?
    private var segments: [LogFolder.Segment] = []

    private var folder: LogFolder { view.folder }
    private var files: any LogFileSystem { view.folder.files }

    init(_ view: any LogView, from position: LogPosition) {
        self.view = view
        self.position = position
    }

    /// What to pass over without looking at each line.
    struct Span: Sendable {
        var earliest = Int64.min
        var latest = Int64.max

        func touches(_ member: SegmentIndex.Member) -> Bool {
            member.latest >= earliest && member.earliest <= latest
        }
    }

    /// Whether to go on after a line.
    enum Answer { case more, enough }

    /// Calls `visit` for each line with the place after it, until it has enough
    /// or the acknowledged lines end. Returns whether it stopped for the latter.
    @discardableResult
    mutating func read(
        span: Span = Span(),
        _ visit: (_ line: UnsafeRawBufferPointer, _ end: LogPosition) -> Answer
    ) throws(JournalError) -> Bool {
        let horizon: LogPosition
        do throws(SystemFault) { horizon = try view.horizon() } catch { throw error.journalError }
        // A segment may be sealed or removed between looking and opening.
        var retries = 0
        while position < horizon {
            do throws(SystemFault) {
                let answer =
                    position.segment == horizon.segment
                    ? try readActive(until: horizon, visit)
                    : try readClosed(before: horizon, span: span, visit)
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
        skipped += view.removed().lines(after: position, before: number)
        advance(to: LogPosition(segment: number, offset: 0))
    }

    // MARK: - Segments

    private mutating func readActive(
        until horizon: LogPosition, _ visit: (UnsafeRawBufferPointer, LogPosition) -> Answer
    ) throws(SystemFault) -> Answer {
        if let file = try openActive(horizon.segment) {
            defer { files.close(file) }
            return try readPlain(file, until: horizon.offset, visit)
        }
        // Rotated since, or in this moment: it has its own name now.
        segments = try folder.segments()
        guard let closed = segments.first(where: { $0.name.number == horizon.segment }) else {
            throw SystemFault(
                "open", folder.file(SegmentName.active), code: SystemFault.absence)
        }
        if closed.sealed {
            let answer = try readArchive(closed.name, span: Span(), visit)
            if answer == .more { advance(to: horizon) }
            return answer
        }
        let file = try files.openToRead(folder.file(closed.name.plain))
        defer { files.close(file) }
        return try readPlain(file, until: horizon.offset, visit)
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
        before horizon: LogPosition, span: Span,
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
            answer = try readArchive(segment.name, span: span, visit)
        } else {
            let file = try files.openToRead(folder.file(segment.name.plain))
            defer { files.close(file) }
            let end = try view.plain(segment.name.number, file: file).end
            answer = try readPlain(file, until: end, visit)
        }
        if answer == .more {
            advance(to: LogPosition(segment: segment.name.number + 1, offset: 0))
        }
        return answer
    }

    // MARK: - Plain

    private mutating func readPlain(
        _ file: LogFile, until end: UInt64,
        _ visit: (UnsafeRawBufferPointer, LogPosition) -> Answer
    ) throws(SystemFault) -> Answer {
        let segment = position.segment
        var (logical, physical) = try start(in: file)
        var answer = Answer.more
        while logical < end, answer == .more {
            let piece = try files.read(file, at: physical, count: 256 * 1024)
            var used = 0
            piece.withUnsafeBytes { bytes in
                while answer == .more, logical < end, let newline = bytes.firstNewline(from: used) {
                    let line = UnsafeRawBufferPointer(rebasing: bytes[used..<newline])
                    used = newline + 1
                    if CommitLine.isOne(line) { continue }
                    let begin = logical
                    logical += UInt64(line.count + 1)
                    guard begin >= position.offset else { continue }
                    let after = LogPosition(segment: segment, offset: logical)
                    if !line.isFiller { answer = visit(line, after) }
                    advance(to: after)
                }
            }
            physical += used
            // Fewer bytes than were acknowledged: the file was cut by somebody else.
            if used == 0 {
                guard segment == position.segment else { break }
                advance(to: LogPosition(segment: segment, offset: end))
                break
            }
        }
        hint = (segment, logical, physical)
        return answer
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
        _ name: SegmentName, span: Span,
        _ visit: (UnsafeRawBufferPointer, LogPosition) -> Answer
    ) throws(SystemFault) -> Answer {
        let archive = Archive(folder: folder, name: name)
        let index = try loadIndex(archive)
        var i = index.member(after: position.offset)
        while i < index.members.count {
            let entry = index.members[i]
            i += 1
            guard span.touches(entry) else {
                advance(to: LogPosition(segment: name.number, offset: entry.end))
                continue
            }
            guard let lines = try load(entry, of: archive) else {
                skipped += entry.lines
                advance(to: LogPosition(segment: name.number, offset: entry.end))
                continue
            }
            if readMember(lines, from: entry.start, visit) == .enough { return .enough }
        }
        return .more
    }

    private mutating func readMember(
        _ lines: [UInt8], from start: UInt64,
        _ visit: (UnsafeRawBufferPointer, LogPosition) -> Answer
    ) -> Answer {
        lines.withUnsafeBytes { bytes in
            var at = position.offset > start ? Int(position.offset - start) : 0
            // A place inside a line, from a cursor that was tampered with.
            if at > 0, bytes[at - 1] != UInt8(ascii: "\n") {
                at = bytes.firstNewline(from: at).map { $0 + 1 } ?? bytes.count
            }
            while let newline = bytes.firstNewline(from: at) {
                let line = UnsafeRawBufferPointer(rebasing: bytes[at..<newline])
                at = newline + 1
                let after = LogPosition(segment: position.segment, offset: start + UInt64(at))
                let answer = line.isFiller ? .more : visit(line, after)
                advance(to: after)
                if answer == .enough { return .enough }
            }
            return .more
        }
    }

    private mutating func loadIndex(_ archive: Archive) throws(SystemFault) -> SegmentIndex {
        if let index, index.segment == archive.name.number { return index.index }
        let loaded = try archive.index()
        index = (archive.name.number, loaded)
        return loaded
    }

    private mutating func load(
        _ entry: SegmentIndex.Member, of archive: Archive
    ) throws(SystemFault) -> [UInt8]? {
        if let member, member.segment == archive.name.number, member.start == entry.start {
            return member.lines
        }
        guard let lines = try archive.lines(of: entry, with: Inflater()) else { return nil }
        member = (archive.name.number, entry.start, lines)
        return lines
    }
}
