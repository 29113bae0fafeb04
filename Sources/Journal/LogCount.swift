import Events
import JSONScan

/// Counts the lines of a query by the text of a field: from the dictionaries of
/// the indexes where they say it exactly, else from the lines. Every call blocks.
struct LogCount {
    private let view: any LogView
    private let query: JournalQuery
    private let field: String
    private let path: Path
    private var tally = Tally()
    private var members = 0
    private var inflated = 0

    /// Lines by value.
    private struct Tally: Sendable {
        var counts: [String?: Int] = [:]
        var total = 0
        var skipped = 0

        mutating func add(_ value: String?, _ lines: Int) {
            guard lines > 0 else { return }
            counts[value, default: 0] += lines
            total += lines
        }

        mutating func add(_ other: Tally) {
            for (value, lines) in other.counts { counts[value, default: 0] += lines }
            total += other.total
            skipped += other.skipped
        }
    }

    init(_ view: any LogView, by field: String, _ query: JournalQuery) {
        self.view = view
        self.query = query
        self.field = field
        path = Path(field)
    }

    /// Calls `progress` with the part that is done, from 0 to 1.
    mutating func run(
        progress: (Double) -> Void = { _ in }
    ) throws(JournalError) -> JournalCounts {
        // A segment that is sealed or removed while it is counted makes us begin anew.
        var retries = 0
        while true {
            do throws(SystemFault) {
                (tally, members, inflated) = (Tally(), 0, 0)
                try countAll(progress)
                break
            } catch {
                guard error.isAbsence, retries < 8 else { throw error.journalError }
                retries += 1
            }
        }
        let rows = tally.counts.map { JournalCounts.Row(value: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.value ?? "") < ($0.count, $1.value ?? "") }
        return JournalCounts(
            rows: rows, total: tally.total, skipped: tally.skipped, members: members,
            inflated: inflated)
    }

    private mutating func countAll(_ progress: (Double) -> Void) throws(SystemFault) {
        let horizon = try view.horizon()
        let segments = try view.folder.segments().filter { $0.name.number < horizon.segment }
        for (i, segment) in segments.enumerated() {
            if segment.sealed {
                try count(Archive(folder: view.folder, name: segment.name)) { part in
                    progress((Double(i) + part) / Double(segments.count + 1))
                }
            } else {
                try count(plain: segment.name.number)
            }
            progress(Double(i + 1) / Double(segments.count + 1))
        }
        try count(plain: horizon.segment)
    }

    // MARK: - Lines

    private mutating func count(plain number: UInt64) throws(SystemFault) {
        var source = LineSource(view, from: LogPosition(segment: number, offset: 0))
        var tally = self.tally
        do throws(JournalError) {
            try source.read(query, through: number) { line, _ in
                tally.add(Self.value(of: path, in: line), 1)
                return .more
            }
        } catch .system(let call, let path, let code) {
            throw SystemFault(call, path, code: code)
        } catch {
            // Reading throws nothing else.
            return
        }
        tally.skipped += source.skipped
        self.tally = tally
    }

    private static func value(of path: Path, in line: UnsafeRawBufferPointer) -> String? {
        guard let root = try? JSONScanner.validate(line, limits: .event) else { return nil }
        var found: String?
        path.visit(root, in: line) { value in
            if found == nil { found = text(of: value, in: line) }
        }
        return found
    }

    private static func text(
        of value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) -> String? {
        value.kind == .null ? nil : value.text(in: line) ?? value.raw(in: line)
    }

    private static func text(of raw: [UInt8]) -> String? {
        raw.withUnsafeBytes { bytes in
            (try? JSONScanner.validate(bytes, limits: .event)).flatMap { text(of: $0, in: bytes) }
        }
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
        let told = try countMembers(plan, file)
        let rest = segment.members.indices.filter { plan.shares[$0] != .none && !told[$0] }
        inflated += rest.count
        for start in stride(from: 0, to: rest.count, by: Archive.widest) {
            let group = rest[start..<min(start + Archive.widest, rest.count)]
            try count(group.map { segment.members[$0] }, of: archive)
            progress(Double(start + group.count) / Double(rest.count))
        }
    }

    private mutating func count(
        _ members: [SegmentIndex.Member], of archive: Archive
    ) throws(SystemFault) {
        let filter = LinePrefilter(query.condition)
        let (query, path) = (self.query, self.path)
        let tallies = ParallelWork.map(members.count) { i in
            Result { () throws(SystemFault) -> Tally in
                var tally = Tally()
                guard let bytes = try archive.lines(of: members[i], with: Inflater()) else {
                    tally.skipped = members[i].lines
                    return tally
                }
                bytes.withUnsafeBytes { bytes in
                    for range in query.select(from: bytes, of: members[i], filter) {
                        let line = UnsafeRawBufferPointer(rebasing: bytes[range])
                        tally.add(Self.value(of: path, in: line), 1)
                    }
                }
                return tally
            }
        }
        for result in tallies { tally.add(try result.get()) }
    }

    // MARK: - Dictionaries

    /// Whether the dictionary of the field decides the condition too: then lines are
    /// told apart value by value.
    private var isOfFieldAlone: Bool { query.condition.terms.allSatisfy { $0.path == [field] } }

    /// The query as far as the dictionary of the field doesn't decide it.
    private var narrowing: JournalQuery {
        JournalQuery(
            since: query.since, until: query.until,
            where: isOfFieldAlone ? .all : query.condition)
    }

    private func share(of file: IndexFile) throws(SystemFault) -> SegmentPlan.Share {
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

    /// Whether lines with that value are wanted, as far as the field decides.
    private func wants(_ raw: [UInt8]) -> Bool {
        !isOfFieldAlone || query.condition.terms.allSatisfy { $0.accepts(raw) }
    }

    private var wantsAbsence: Bool {
        !isOfFieldAlone || query.condition.terms.allSatisfy { $0.acceptsAbsence }
    }

    /// Counts a segment all of whose lines are wanted; false when it can't.
    private mutating func countWhole(_ file: IndexFile) throws(SystemFault) -> Bool {
        guard let known = try dictionary(file) else { return false }
        var absent = file.lines
        for value in known.values {
            absent -= value.lines
            if wants(value.raw) { tally.add(Self.text(of: value.raw), value.lines) }
        }
        if wantsAbsence { tally.add(nil, absent) }
        return true
    }

    /// Counts the members all of whose lines are wanted; tells which they are.
    private mutating func countMembers(
        _ plan: SegmentPlan, _ file: IndexFile?
    ) throws(SystemFault) -> [Bool] {
        let members = plan.segment.members
        let told = plan.shares.indices.map { plan.shares[$0] == .all && members[$0].isKnown }
        let nothing = [Bool](repeating: false, count: members.count)
        guard told.contains(true), let file, file.memberCount == members.count,
            let known = try dictionary(file)
        else { return nothing }
        var lines = [Int](repeating: 0, count: known.values.count)
        var absent = members.indices.reduce(0) { told[$1] ? $0 + members[$1].lines : $0 }
        let whole = try file.occurrences(of: known.field, values: lines.count) { member, code, n in
            guard told[member] else { return }
            lines[code] += n
            absent -= n
        }
        guard whole else { return nothing }
        for (value, count) in zip(known.values, lines) where wants(value.raw) {
            tally.add(Self.text(of: value.raw), count)
        }
        if wantsAbsence { tally.add(nil, absent) }
        return told
    }
}
