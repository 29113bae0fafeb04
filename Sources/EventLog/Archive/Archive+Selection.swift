import Events

/// The lines of a member that match a query.
struct MemberSelection: Sendable {
    /// The member's lines; empty if none matches.
    let bytes: [UInt8]
    /// The matching lines, without their newlines.
    let lines: [Range<Int>]
    /// Number of lines that are not JSON objects; the log never stores such lines.
    var foreign = 0
}

extension Archive {
    /// Maximum number of members decompressed at a time. Bounds the memory of a query to 32 × 256
    /// KiB, unless single lines are longer.
    static let widest = 32

    /// The lines of `members`, in order, that match `query`, decompressed in parallel; nil for a
    /// damaged member.
    func select(
        _ query: EventLogQuery, from members: [SegmentIndex.Member]
    ) throws(SystemFault) -> [MemberSelection?] {
        let filter = LinePrefilter(query.condition)
        expect(members)
        if let queries, query != .all {
            let texts = try self.texts(of: members)
            var selections: [MemberSelection?] = []
            queries.examine(stretch(of: members), for: query.guardName) { step in
                selections = step.map(members.count) { i in
                    texts[i].map { bytes in
                        var lines: [Range<Int>] = []
                        bytes.withUnsafeBytes {
                            query.forEachMatch(
                                in: $0, of: members[i], filter, by: step, in: name
                            ) { lines.append($0) }
                        }
                        return MemberSelection(bytes: lines.isEmpty ? [] : bytes, lines: lines)
                    }
                }
                return true
            }
            for i in members.indices where !members[i].isKnown {
                guard let bytes = texts[i] else { continue }
                selections[i]?.foreign = members[i].foreignLines(in: bytes)
            }
            return selections
        }
        let found = ParallelWork.map(members.count) { i in
            Result { () throws(SystemFault) in
                try select(query, from: members[i], filter)
            }
        }
        var selections: [MemberSelection?] = []
        for result in found { selections.append(try result.get()) }
        return selections
    }

    /// Hints that these members will be read.
    func expect(_ members: [SegmentIndex.Member]) {
        guard folder.files.isDistant else { return }
        let path = folder.file(name.archive)
        folder.files.expect(members.map { (path, $0.offset..<$0.offset + $0.packed) })
    }

    private func select(
        _ query: EventLogQuery, from member: SegmentIndex.Member, _ filter: LinePrefilter
    ) throws(SystemFault) -> MemberSelection? {
        guard let bytes = try lines(of: member, with: Inflater()) else { return nil }
        let lines = bytes.withUnsafeBytes { query.select(from: $0, of: member, filter) }
        return MemberSelection(
            bytes: lines.isEmpty ? [] : bytes, lines: lines, foreign: member.foreignLines(in: bytes)
        )
    }

    /// The lines of each member, decompressed in parallel; nil for a damaged member.
    func texts(of members: [SegmentIndex.Member]) throws(SystemFault) -> [[UInt8]?] {
        let read = ParallelWork.map(members.count) { i in
            Result { () throws(SystemFault) in try lines(of: members[i], with: Inflater()) }
        }
        var texts: [[UInt8]?] = []
        for result in read { texts.append(try result.get()) }
        return texts
    }

    /// The positions from the start of the first of `members` to the end of the last one.
    func stretch(of members: [SegmentIndex.Member]) -> ClosedRange<LogPosition> {
        let start = members.first?.start ?? 0
        let end = max(start, members.last?.end ?? start)
        return LogPosition(
            segment: name.number, offset: start)...LogPosition(segment: name.number, offset: end)
    }
}

extension SegmentIndex.Member {
    /// Number of lines that are not JSON objects; 0 without a check if the index knows the
    /// member.
    func foreignLines(in bytes: [UInt8]) -> Int {
        if isKnown { return 0 }
        var foreign = 0
        bytes.withUnsafeBytes { bytes in
            bytes.forEachLine { line, _ in
                if !line.isFiller, !line.isObject { foreign += 1 }
            }
        }
        return foreign
    }
}

extension EventLogQuery {
    /// The member's lines that match, without newlines and blank lines.
    func select(
        from bytes: UnsafeRawBufferPointer, of member: SegmentIndex.Member,
        _ filter: LinePrefilter
    ) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        forEachMatch(in: bytes, of: member, filter) { lines.append($0) }
        return lines
    }

    /// Calls `body` for each of the member's lines that match, without newlines and blank lines.
    ///
    /// - Parameters:
    ///   - step: Decides which lines are examined; nil: all.
    ///   - segment: The member's.
    func forEachMatch(
        in bytes: UnsafeRawBufferPointer, of member: SegmentIndex.Member,
        _ filter: LinePrefilter, by step: QueryGuard.Step? = nil, in segment: SegmentName? = nil,
        _ body: (Range<Int>) -> Void
    ) {
        let anyTime = covers(earliest: member.earliest, latest: member.latest)
        // The search for candidates examines lines, too.
        let filter = step?.isAlone == true ? LinePrefilter(.all) : filter
        filter.forEachCandidate(in: bytes) { range in
            let line = UnsafeRawBufferPointer(rebasing: bytes[range])
            if let step, let segment, !line.isFiller {
                let end = LogPosition(
                    segment: segment.number, offset: member.start + UInt64(range.upperBound + 1))
                guard step.admits(line, endingAt: end) else { return true }
            }
            if !line.isFiller, anyTime ? condition.matches(stored: line) : matches(stored: line),
                member.isKnown || line.isObject
            {
                body(range)
            }
            return true
        }
    }
}
