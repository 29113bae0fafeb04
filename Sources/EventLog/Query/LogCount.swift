import Events

/// Counts the lines of a query by the text of a field. Every call blocks.
///
/// Uses the dictionaries of the indexes where they are exact, else reads the lines.
struct LogCount {
    private let view: any LogView
    private let query: EventLogQuery
    private let field: String
    private let path: FieldPath
    private let filter: LinePrefilter
    /// The memory for the values, about.
    private let mostBytes: Int
    private var tally: ValueTally
    private var skipped = 0
    private var members = 0
    private var inflated = 0

    init(
        _ view: any LogView, by field: String, _ query: EventLogQuery, mostBytes: Int = .max
    ) {
        self.view = view
        self.mostBytes = mostBytes
        tally = ValueTally(mostBytes: mostBytes)
        self.query = query
        self.field = field
        path = FieldPath(field)
        filter = LinePrefilter(query.condition)
    }

    /// - Parameter progress: Called with the completed part, from 0 to 1.
    mutating func run(
        progress: (Double) -> Void = { _ in }
    ) throws(EventLogError) -> EventLogCounts {
        // A rotation in the middle of the count restarts it.
        var retries = 0
        while true {
            do throws(SystemFault) {
                (tally, skipped, members, inflated) = (
                    ValueTally(mostBytes: mostBytes), 0, 0, 0
                )
                try countAll(progress)
                break
            } catch {
                guard error.isAbsence, retries < 8 else { throw error.eventLogError }
                retries += 1
            }
        }
        guard !tally.isOver else { throw .tooManyValues(field: field) }
        let counts = tally.texts
        let rows = counts.map { EventLogCounts.Row(value: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.value ?? "") < ($0.count, $1.value ?? "") }
        return EventLogCounts(
            rows: rows, total: tally.lines, skipped: skipped, members: members, inflated: inflated)
    }

    /// Counts the newest segments first, since they may be sealed soon; the oldest may be removed
    /// meanwhile.
    private mutating func countAll(_ progress: (Double) -> Void) throws(SystemFault) {
        let horizon = try view.horizon()
        let segments = try view.folder.segments().filter { $0.name.number < horizon.segment }
        try countActive(until: horizon)
        if view.hasUnreadableActive { skipped +|= 1 }
        // Segments that the log did not remove; their numbers of lines are unknown.
        let removed = try view.removed()
        var next = segments.first?.name.number ?? horizon.segment
        for segment in segments {
            skipped +|= removed.unexplained(from: next, before: segment.name.number)
            next = segment.name.number +| 1
        }
        skipped +|= removed.unexplained(from: next, before: horizon.segment)
        for (i, segment) in segments.reversed().enumerated() where !tally.isOver {
            if i.isMultiple(of: ReadPlan.atOnce) {
                view.folder.expectIndexes(of: segments.dropLast(i).reversed())
            }
            let isCounted = segment.sealed ? false : try count(plain: segment.name)
            if !isCounted {
                let before = self
                do throws(SystemFault) {
                    try count(
                        Archive(folder: view.folder, name: segment.name, queries: view.queries)
                    ) { part in
                        progress((Double(i) + part) / Double(segments.count))
                    }
                } catch {
                    // The archive was removed meanwhile; its lines no longer belong to the log.
                    guard error.isAbsence else { throw error }
                    self = before
                }
            }
            progress(Double(i + 1) / Double(segments.count))
        }
    }

    // MARK: - Lines

    private mutating func countActive(until horizon: LogPosition) throws(SystemFault) {
        guard horizon.offset > 0 else { return }
        let path = view.folder.file(SegmentName.active)
        if try count(path, until: { _ in horizon.offset }, ifNumber: horizon.segment) { return }
        // The segment was rotated since.
        let segment = try view.folder.segments().first { $0.name.number == horizon.segment }
        guard let segment else {
            if view.isForeign {
                // Counting again would not help: the open segment is gone.
                skipped +|= PlainDamage(range: 0..<0, bytes: horizon.offset, lines: nil).estimate
                return
            }
            throw SystemFault("open", path, code: SystemFault.absence)
        }
        let isCounted = segment.sealed ? false : try count(plain: segment.name)
        if !isCounted {
            try count(Archive(folder: view.folder, name: segment.name, queries: view.queries)) {
                _ in
            }
        }
    }

    /// Returns false if the file is missing; it may be sealed by now.
    private mutating func count(plain name: SegmentName) throws(SystemFault) -> Bool {
        let view = self.view
        return try count(view.folder.file(name.plain)) { file throws(SystemFault) in
            try view.plain(name.number, file: file).end
        }
    }

    /// Returns false if there is no such file or it belongs to another segment.
    private mutating func count(
        _ path: String, until end: (LogFile) throws(SystemFault) -> UInt64,
        ifNumber number: UInt64? = nil
    ) throws(SystemFault) -> Bool {
        let files = view.folder.files
        let file: LogFile
        do throws(SystemFault) { file = try files.openToRead(path) } catch {
            if error.isAbsence { return false }
            throw error
        }
        defer { files.close(file) }
        if let number, try CommitLine.number(of: file, files: files) != number { return false }
        let limit = try end(file)
        let scan = try PlainScan(file, files: files, limit: limit)
        if scan.damage.isEmpty, scan.end == limit, view.queries == nil {
            let count = PlainCount(
                query: query, filter: filter, path: self.path, mostBytes: mostBytes)
            tally.add(try count.tally(file, files: files, end: limit))
        } else {
            try countGoodGroups(file, limit: limit)
            let tail =
                scan.end < limit ? scan.tail(size: try files.facts(file).bytes, end: limit) : nil
            skipped +|= (scan.damage + (tail.map { [$0] } ?? [])).reduce(0) { $0 +| $1.estimate }
        }
        return true
    }

    /// Names the count for `QueryGuard`.
    private var guardName: String { "\(field) \(query.guardName)" }

    /// Counts a segment group by group: one that is damaged, or whose lines are guarded.
    private mutating func countGoodGroups(
        _ file: LogFile, limit: UInt64
    ) throws(SystemFault) {
        let (query, path, queries) = (self.query, self.path, view.queries)
        let guardName = self.guardName
        var found = ValueTally(mostBytes: mostBytes)
        _ = try PlainScan(file, files: view.folder.files, limit: limit) { group, commit in
            guard !found.isOver else { return }
            let start = LogPosition(
                segment: commit.segment, offset: commit.end -| UInt64(clamping: group.count))
            let end = LogPosition(segment: commit.segment, offset: max(start.offset, commit.end))
            QueryGuard.examine(start...end, for: guardName, guardedBy: queries) { step in
                group.forEachLine { line, place in
                    let after = LogPosition(
                        segment: commit.segment,
                        offset: start.offset +| UInt64(clamping: place +| line.count +| 1))
                    guard !line.isFiller, step.admits(line, endingAt: after),
                        query.matches(stored: line)
                    else { return }
                    found.note(path, in: line)
                }
                return true
            }
        }
        tally.add(found)
    }

    // MARK: - Archives

    private mutating func count(
        _ archive: Archive, _ progress: (Double) -> Void
    ) throws(SystemFault) {
        let file: IndexFile?
        let table: SegmentIndex?
        if let found = try archive.indexFile() {
            (file, table) = (found, nil)
        } else {
            let rebuilt = try archive.rebuild()
            (file, table) = (rebuilt.file, rebuilt.index)
        }
        members += file?.memberCount ?? table?.members.count ?? 0
        if let file, file.knowsAll {
            switch try share(of: file) {
            case .none: return
            case .all:
                if try countWhole(file) { return }
            case .some: break
            }
        }
        var known = table
        if known == nil { known = try file?.index() }
        if known == nil { known = try archive.rebuild().index }
        guard let segment = known else { return }
        let plan = try SegmentPlan(narrowing, segment, file)
        let counted = try countMembers(plan, file)
        let rest = segment.members.indices.filter { plan.coverages[$0] != .none && !counted[$0] }
        inflated += rest.count
        // The values of all that run at once are held.
        let width =
            mostBytes == .max && view.queries == nil ? Self.width : PlainCount.boundedWidth
        for start in stride(from: 0, to: rest.count, by: width) where !tally.isOver {
            let group = rest[start..<min(start + width, rest.count)]
            try count(group.map { segment.members[$0] }, of: archive)
            progress(Double(start + group.count) / Double(rest.count))
        }
    }

    private mutating func count(
        _ members: [SegmentIndex.Member], of archive: Archive
    ) throws(SystemFault) {
        let (query, path, filter, mostBytes) = (self.query, self.path, self.filter, self.mostBytes)
        archive.expect(members)
        if let queries = view.queries {
            return try count(members, of: archive, guardedBy: queries)
        }
        let tallies = ParallelWork.map(members.count) { i in
            Result { () throws(SystemFault) -> (ValueTally, foreign: Int)? in
                guard let bytes = try archive.lines(of: members[i], with: Inflater()) else {
                    return nil
                }
                var tally = ValueTally(mostBytes: mostBytes)
                bytes.withUnsafeBytes { bytes in
                    for range in query.select(from: bytes, of: members[i], filter) {
                        tally.note(path, in: UnsafeRawBufferPointer(rebasing: bytes[range]))
                    }
                }
                return (tally, members[i].foreignLines(in: bytes))
            }
        }
        for (member, result) in zip(members, tallies) {
            if let (found, foreign) = try result.get() {
                tally.add(found)
                skipped +|= foreign
            } else {
                skipped +|= member.lines
            }
        }
    }

    /// As `count(_:of:)`, with the members decompressed before any line is examined.
    private mutating func count(
        _ members: [SegmentIndex.Member], of archive: Archive, guardedBy queries: QueryGuard
    ) throws(SystemFault) {
        let (query, path, filter, mostBytes) = (self.query, self.path, self.filter, self.mostBytes)
        let texts = try archive.texts(of: members)
        var tallies: [ValueTally?] = []
        queries.examine(archive.stretch(of: members), for: guardName) { step in
            tallies = step.map(members.count) { i in
                texts[i].map { bytes in
                    var tally = ValueTally(mostBytes: mostBytes)
                    bytes.withUnsafeBytes { bytes in
                        query.forEachMatch(
                            in: bytes, of: members[i], filter, by: step, in: archive.name
                        ) { tally.note(path, in: UnsafeRawBufferPointer(rebasing: bytes[$0])) }
                    }
                    return tally
                }
            }
            return true
        }
        for (i, found) in tallies.enumerated() {
            if let found, let bytes = texts[i] {
                tally.add(found)
                skipped +|= members[i].foreignLines(in: bytes)
            } else {
                skipped +|= members[i].lines
            }
        }
    }

    /// Maximum number of members counted in parallel. Large, since their lines are not kept.
    private static let width = 256

    // MARK: - Dictionaries

    /// Whether the condition concerns only the counted field, so that its dictionary decides it
    /// for each value.
    private var isOfFieldAlone: Bool { query.condition.terms.allSatisfy { $0.path == [field] } }

    /// The part of the query that the field's dictionary does not decide.
    private var narrowing: EventLogQuery {
        EventLogQuery(
            since: query.since, until: query.until,
            where: isOfFieldAlone ? .all : query.condition)
    }

    private func share(of file: IndexFile) throws(SystemFault) -> SegmentPlan.Coverage {
        if try query.share(of: file) == .none { return .none }
        return try narrowing.share(of: file)
    }

    private func dictionary(
        _ file: IndexFile
    ) throws(SystemFault) -> (field: IndexFile.Field, values: [(raw: [UInt8], lines: Int)])? {
        guard let field = file.fields[field], field.kind == .dictionary,
            let values = try file.dictionary(of: field)
        else { return nil }
        return (field, values)
    }

    /// Whether lines with that value match, as far as the field decides.
    private func wants(_ raw: [UInt8]) -> Bool {
        !isOfFieldAlone || query.condition.holds { $0.accepts(raw) }
    }

    private var wantsAbsence: Bool { !isOfFieldAlone || query.condition.holds { _ in false } }

    /// Counts a segment whose lines all match, from its dictionary; returns false if that is not
    /// possible.
    private mutating func countWhole(_ file: IndexFile) throws(SystemFault) -> Bool {
        guard let known = try dictionary(file) else { return false }
        var absent = file.lines
        for value in known.values {
            absent -|= value.lines
            if wants(value.raw) { tally.add(value.raw, value.lines) }
        }
        if wantsAbsence { tally.add(nil, absent) }
        return true
    }

    /// Counts the members whose lines all match, from the dictionary.
    ///
    /// Returns for each member whether it was counted.
    private mutating func countMembers(
        _ plan: SegmentPlan, _ file: IndexFile?
    ) throws(SystemFault) -> [Bool] {
        let members = plan.segment.members
        let counted = plan.coverages.indices.map {
            plan.coverages[$0] == .all && members[$0].isKnown
        }
        let nothing = [Bool](repeating: false, count: members.count)
        guard counted.contains(true), let file, file.memberCount == members.count,
            let known = try dictionary(file)
        else { return nothing }
        var lines = [Int](repeating: 0, count: known.values.count)
        var absent = members.indices.reduce(0) { counted[$1] ? $0 +| members[$1].lines : $0 }
        let whole = try file.occurrences(of: known.field, values: lines.count) { member, code, n in
            guard counted[member] else { return }
            lines[code] +|= n
            absent -|= n
        }
        guard whole else { return nothing }
        for (value, count) in zip(known.values, lines) where wants(value.raw) {
            tally.add(value.raw, count)
        }
        if wantsAbsence { tally.add(nil, absent) }
        return counted
    }
}
