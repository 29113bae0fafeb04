import Events

extension LineSource {
    /// Returns the last `count` matching lines, in order; the batch ends at the end of the log.
    ///
    /// Walks backwards by segment and member. If the lines exceed `maxBytes`, returns the first
    /// of them up to the one that reaches `maxBytes`; the batch then ends there and is not caught
    /// up.
    static func last(
        _ count: Int, of query: EventLogQuery, in view: any LogView, maxBytes: Int = .max
    ) throws(EventLogError) -> EventLogBatch {
        var retries = 0
        while true {
            do throws(SystemFault) {
                let tail = try walk(count, query, view, maxBytes)
                if let batch = tail.batch { return batch }
                guard let start = tail.lines.first?.start else {
                    return EventLogBatch(end: tail.end, isCaughtUp: true)
                }
                var source = LineSource(view, from: start)
                return try source.first(tail.lines.count, of: query, maxBytes: maxBytes)
            } catch {
                // A segment was sealed or removed after it was listed and before it was opened.
                guard error.isAbsence, retries < 8 else { throw error.eventLogError }
                retries += 1
            }
        }
    }

    private static func walk(
        _ count: Int, _ query: EventLogQuery, _ view: any LogView, _ maxBytes: Int
    ) throws(SystemFault) -> LineTail {
        let horizon = try view.horizon()
        var tail = LineTail(end: horizon, maxBytes: maxBytes)
        guard count > 0 else { return tail }
        let closed = try view.folder.segments().filter { $0.name.number < horizon.segment }
        try tail.prepend(plain: horizon.segment, count, query, view)
        let removed = try view.removed()
        var next = horizon.segment
        for segment in closed.reversed() where tail.lines.count < count {
            tail.lose(removed.unexplained(from: segment.name.number +| 1, before: next))
            next = segment.name.number
            if segment.sealed {
                let archive = Archive(
                    folder: view.folder, name: segment.name, queries: view.queries)
                try tail.prepend(archive, count, query)
            } else {
                try tail.prepend(plain: segment.name.number, count, query, view)
            }
        }
        return tail
    }

    /// Returns the next matching lines up to the one that reaches `maxBytes`, without a limit on
    /// the bytes examined.
    private mutating func first(
        _ count: Int, of query: EventLogQuery, maxBytes: Int
    ) throws(SystemFault) -> EventLogBatch {
        var lines: [EventLogLine] = []
        var bytes = 0
        let isCaughtUp = try rethrowing {
            () throws(EventLogError) in
            try read(query) { line, end in
                lines.append(EventLogLine(bytes: Array(line), end: end))
                bytes += line.count + 1
                return lines.count >= count || bytes >= maxBytes ? .enough : .more
            }
        }
        return EventLogBatch(
            lines: lines, end: position, skipped: skipped, damaged: damaged, isCaughtUp: isCaughtUp)
    }
}

/// Rethrows a `.system` error as a `SystemFault`; reading the log throws no other error.
private func rethrowing<T>(
    _ body: () throws(EventLogError) -> T
) throws(SystemFault) -> T {
    do throws(EventLogError) { return try body() } catch .system(let call, let path, let code) {
        throw SystemFault(call, path, code: code)
    } catch .store(let fault) {
        throw SystemFault("read", "the store", SegmentStoreFault(fault))
    } catch {
        throw SystemFault("read", "the log", code: SystemFault.absence)
    }
}

/// The end of the log, collected from back to front: the lines' positions, and their bytes as
/// long as all of them fit.
private struct LineTail {
    struct Found {
        let start: LogPosition
        /// nil for a line beyond `maxBytes`.
        let line: EventLogLine?
    }

    private(set) var lines: [Found] = []
    /// The position after the last acknowledged line.
    let end: LogPosition
    private(set) var skipped = 0
    /// The part of `skipped` that is damaged or missing without having been removed by the log.
    private(set) var damaged = 0

    mutating func lose(_ lines: Int) {
        skipped +|= lines
        damaged +|= lines
    }

    private let maxBytes: Int
    /// Bytes of the lines that are kept.
    private var bytes = 0

    init(end: LogPosition, maxBytes: Int) {
        self.end = end
        self.maxBytes = maxBytes
    }

    /// All lines; nil if they exceed `maxBytes`.
    var batch: EventLogBatch? {
        var whole: [EventLogLine] = []
        whole.reserveCapacity(lines.count)
        for found in lines {
            guard let line = found.line else { return nil }
            whole.append(line)
        }
        return EventLogBatch(
            lines: whole, end: end, skipped: skipped, damaged: damaged, isCaughtUp: true)
    }

    private mutating func found(_ line: some Collection<UInt8>, end: LogPosition) -> Found {
        let start = LogPosition(
            segment: end.segment, offset: end.offset - min(end.offset, UInt64(line.count) + 1))
        guard bytes + line.count < maxBytes else { return Found(start: start, line: nil) }
        bytes += line.count + 1
        return Found(start: start, line: EventLogLine(bytes: Array(line), end: end))
    }

    /// Prepends the last matching lines of a plain segment, up to `count` lines in all.
    ///
    /// Reads from the back of the segment, in growing ranges.
    mutating func prepend(
        plain number: UInt64, _ count: Int, _ query: EventLogQuery, _ view: any LogView
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

    /// Matching lines that start in `range` of a segment: at most the last `wanted`.
    private mutating func lines(
        of number: UInt64, _ range: Range<UInt64>, _ wanted: Int, _ query: EventLogQuery,
        _ view: any LogView
    ) throws(SystemFault) -> [Found] {
        var found: [Found] = []
        let horizon = end
        var source = LineSource(view, from: LogPosition(segment: number, offset: range.lowerBound))
        _ = try rethrowing {
            () throws(EventLogError) in
            try source.read(query, through: number) { line, end in
                // Lines acknowledged since belong to readers that continue from `end`.
                guard end <= horizon, end.offset -| UInt64(line.count) <= range.upperBound else {
                    return .enough
                }
                found.append(self.found(line, end: end))
                // Keeps about twice as many lines as wanted at most.
                if found.count >= 2 *| wanted +| 64 { forget(&found, found.count - wanted) }
                return .more
            }
        }
        forget(&found, max(0, found.count - wanted))
        skipped +|= source.skipped
        damaged +|= source.damaged
        return found
    }

    /// Drops the first `count` lines, since later ones take precedence.
    private mutating func forget(_ found: inout [Found], _ count: Int) {
        for one in found.prefix(count) { bytes -= one.line.map { $0.bytes.count + 1 } ?? 0 }
        found.removeFirst(count)
    }

    mutating func prepend(
        _ archive: Archive, _ count: Int, _ query: EventLogQuery
    ) throws(SystemFault) {
        let plan = try archive.plan(query)
        let members = plan.segment.members
        var rest = members.indices.filter { plan.coverages[$0] != .none }
        var width = 1
        while lines.count < count, !rest.isEmpty {
            let group = Array(rest.suffix(width))
            rest.removeLast(group.count)
            let selections = try archive.select(
                query, from: group.map { members[$0] })
            for (place, selection) in zip(group, selections).reversed() {
                guard let selection else {
                    lose(members[place].lines)
                    continue
                }
                lose(selection.foreign)
                var found: [Found] = []
                for range in selection.lines.suffix(count - lines.count) {
                    found.append(
                        self.found(
                            selection.bytes[range],
                            end: LogPosition(
                                segment: archive.name.number,
                                offset: members[place].start + UInt64(range.upperBound + 1))))
                }
                lines = found + lines
            }
            width = min(width * 2, Archive.widest)
        }
    }
}
