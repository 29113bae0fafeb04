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

    /// The lines of `members` that match `query`, decompressed in parallel; nil for a damaged
    /// member.
    func select(
        _ query: EventLogQuery, from members: [SegmentIndex.Member]
    ) throws(SystemFault) -> [MemberSelection?] {
        let filter = LinePrefilter(query.condition)
        expect(members)
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
        let anyTime = covers(earliest: member.earliest, latest: member.latest)
        var lines: [Range<Int>] = []
        filter.forEachCandidate(in: bytes) { range in
            let line = UnsafeRawBufferPointer(rebasing: bytes[range])
            if !line.isFiller, anyTime ? condition.matches(stored: line) : matches(stored: line),
                member.isKnown || line.isObject
            {
                lines.append(range)
            }
            return true
        }
        return lines
    }
}
