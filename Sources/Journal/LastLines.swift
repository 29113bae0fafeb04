import Events

extension LineSource {
    /// The last `count` lines that match, in order, and the place after the last
    /// acknowledged line. Walks backwards, segment by segment and member by member.
    static func last(
        _ count: Int, of query: JournalQuery, in view: any LogView
    ) throws(JournalError) -> JournalBatch {
        var retries = 0
        while true {
            do throws(SystemFault) {
                return try walk(count, query, view)
            } catch {
                // A segment was sealed or removed between looking and opening.
                guard error.isAbsence, retries < 8 else { throw error.journalError }
                retries += 1
            }
        }
    }

    private static func walk(
        _ count: Int, _ query: JournalQuery, _ view: any LogView
    ) throws(SystemFault) -> JournalBatch {
        let horizon = try view.horizon()
        var batch = JournalBatch(end: horizon, isCaughtUp: true)
        guard count > 0 else { return batch }
        let closed = try view.folder.segments().filter { $0.name.number < horizon.segment }
        try batch.prepend(plain: horizon.segment, count, query, view)
        for segment in closed.reversed() where batch.lines.count < count {
            if segment.sealed {
                let archive = Archive(folder: view.folder, name: segment.name)
                try batch.prepend(archive, count, query)
            } else {
                try batch.prepend(plain: segment.name.number, count, query, view)
            }
        }
        return batch
    }
}

extension JournalBatch {
    /// Puts the last matching lines of a segment before those that are there, up
    /// to `count` in all. The open segment is looked at from its back, further each time.
    fileprivate mutating func prepend(
        plain number: UInt64, _ count: Int, _ query: JournalQuery, _ view: any LogView
    ) throws(SystemFault) {
        var upTo = number == end.segment ? end.offset : .max
        var span = max(1 << 20, UInt64(count - lines.count) *| 1024)
        while lines.count < count {
            let from = upTo == .max || upTo <= span ? 0 : upTo - span
            let wanted = count - lines.count
            let found = try self.lines(of: number, from..<upTo, wanted, query, view)
            lines = found.suffix(wanted) + lines
            if from == 0 { return }
            (upTo, span) = (from, span *| 4)
        }
    }

    /// Matching lines that start in `range` of a segment: the last `wanted`, and perhaps some
    /// before them.
    private mutating func lines(
        of number: UInt64, _ range: Range<UInt64>, _ wanted: Int, _ query: JournalQuery,
        _ view: any LogView
    ) throws(SystemFault) -> [JournalLine] {
        var found: [JournalLine] = []
        let horizon = end
        var source = LineSource(view, from: LogPosition(segment: number, offset: range.lowerBound))
        do throws(JournalError) {
            try source.read(query, through: number) { line, end in
                // Acknowledged since: they belong to whoever follows from here.
                guard end <= horizon, end.offset -| UInt64(line.count) <= range.upperBound else {
                    return .enough
                }
                found.append(JournalLine(bytes: Array(line), end: end))
                // Twice as many are held at most.
                if found.count >= 2 *| wanted +| 64 { found.removeFirst(found.count - wanted) }
                return .more
            }
        } catch .system(let call, let path, let code) {
            throw SystemFault(call, path, code: code)
        } catch {
            // Reading throws nothing else.
            return found
        }
        skipped +|= source.skipped
        return found
    }

    fileprivate mutating func prepend(
        _ archive: Archive, _ count: Int, _ query: JournalQuery
    ) throws(SystemFault) {
        let plan = try archive.plan(query)
        let members = plan.segment.members
        var rest = members.indices.filter { plan.shares[$0] != .none }
        var width = 1
        while lines.count < count, !rest.isEmpty {
            let group = Array(rest.suffix(width))
            rest.removeLast(group.count)
            let selections = try archive.select(query, from: group.map { members[$0] })
            for (place, selection) in zip(group, selections).reversed() {
                guard let selection else {
                    skipped +|= members[place].lines
                    continue
                }
                let found = selection.lines.suffix(count - lines.count).map { range in
                    JournalLine(
                        bytes: Array(selection.bytes[range]),
                        end: LogPosition(
                            segment: archive.name.number,
                            offset: members[place].start + UInt64(range.upperBound + 1)))
                }
                lines = found + lines
            }
            width = min(width * 2, Archive.widest)
        }
    }
}
