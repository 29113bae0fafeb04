/// Lines of a member that a query wants.
struct MemberSelection: Sendable {
    /// The member's lines; empty when none is wanted.
    let bytes: [UInt8]
    /// The wanted ones, newline excluded.
    let lines: [Range<Int>]
    /// How many of its lines are no JSON objects: nobody stored them.
    var foreign = 0
}

extension Archive {
    /// How many members are inflated at a time at most: bounds the memory of a query
    /// to 32 × 256 KiB, unless single lines are longer.
    static let widest = 32

    /// The lines of members that `query` wants, inflated side by side; nil for a
    /// member that is damaged.
    func select(
        _ query: JournalQuery, from members: [SegmentIndex.Member]
    ) throws(SystemFault) -> [MemberSelection?] {
        let filter = LinePrefilter(query.condition)
        let found = ParallelWork.map(members.count) { i in
            Result { () throws(SystemFault) in
                try select(query, from: members[i], filter)
            }
        }
        var selections: [MemberSelection?] = []
        for result in found { selections.append(try result.get()) }
        return selections
    }

    private func select(
        _ query: JournalQuery, from member: SegmentIndex.Member, _ filter: LinePrefilter
    ) throws(SystemFault) -> MemberSelection? {
        guard let bytes = try lines(of: member, with: Inflater()) else { return nil }
        let lines = bytes.withUnsafeBytes { query.select(from: $0, of: member, filter) }
        return MemberSelection(
            bytes: lines.isEmpty ? [] : bytes, lines: lines, foreign: member.foreignLines(in: bytes)
        )
    }
}

extension SegmentIndex.Member {
    /// How many of its lines are no JSON objects; the index knows of members without such.
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

extension JournalQuery {
    /// The wanted lines among those of a member, newlines and blank lines excluded.
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
