import Core
import Events
import JSON

/// Checks every segment of a log. All calls but `report` block.
struct Verification {
    private let folder: LogFolder
    private let queries: QueryGuard?
    private(set) var report = VerifyReport()
    private var sequences = SequenceCensus()
    /// The numbers of the segments that exist.
    private var present: Set<UInt64> = []
    private let inflater = Inflater()
    private var files: any LogFileSystem { folder.files }

    init(_ folder: LogFolder, guardedBy queries: QueryGuard? = nil) {
        self.folder = folder
        self.queries = queries
    }

    /// Checks all files of a log, off the cooperative pool. Another thread or process may write the
    /// log meanwhile.
    static func report(
        on folder: LogFolder, guardedBy queries: QueryGuard?
    ) async throws(EventLogError) -> VerifyReport {
        try await BlockingExecutor.log.run { () throws(EventLogError) in
            do throws(SystemFault) {
                var retries = 0
                while true {
                    do throws(SystemFault) {
                        var check = Verification(folder, guardedBy: queries)
                        try check.run(repairing: false)
                        guard check.lacksSegments, retries < 3 else { return check.report }
                        retries +|= 1
                    } catch {
                        guard error.isAbsence, retries < 3 else { throw error }
                        retries +|= 1
                    }
                }
            } catch { throw error.eventLogError }
        }
    }

    /// Checks all files; with `repairing`, repairs damaged archives.
    ///
    /// A file that cannot be read is reported as damage, and the check continues. A file that
    /// disappears during the check is an error: run it again.
    mutating func run(repairing: Bool) throws(SystemFault) {
        let folder = self.folder
        // Read before the segments: lines acknowledged meanwhile are not missing.
        let known = try HeadFile.read(in: folder)
        let segments = try folder.segments()
        for (i, segment) in segments.enumerated() {
            report.segments += 1
            present.insert(segment.name.number)
            let following = i + 1 < segments.count ? segments[i + 1].name : nil
            if segment.sealed {
                try checking(segment.name.archive) { check throws(SystemFault) in
                    try check.check(
                        Archive(folder: folder, name: segment.name, queries: check.queries),
                        repairing: repairing)
                }
            } else {
                try checking(segment.name.plain) { check throws(SystemFault) in
                    let end = try check.end(of: segment.name.number, by: following?.plain)
                    try check.check(plain: segment.name.plain, end: end)
                }
            }
        }
        try checkActive(known)
        report.gaps = sequences.gaps
        try noteMissing(known)
    }

    /// Whether whole files seem to be missing or unreadable.
    ///
    /// The log may have created or removed them during the check.
    var lacksSegments: Bool { report.damage.contains { $0.range == nil && $0.lines != 0 } }

    /// Reports segments that the log's records require and that do not exist.
    private mutating func noteMissing(_ known: HeadFile.Record?) throws(SystemFault) {
        let missing = MissingSegments(
            present: present, removed: try RemovedSegments(in: folder), known: known)
        for damage in missing.damage {
            report.damage.append(VerifyReport.Damage(damage))
        }
    }

    /// Runs `body`, which checks the file `name`; reports an unreadable file as damage.
    private mutating func checking(
        _ name: String, _ body: (inout Self) throws(SystemFault) -> Void
    ) throws(SystemFault) {
        do throws(SystemFault) { try body(&self) } catch {
            guard !error.isAbsence else { throw error }
            report.damage.append(
                VerifyReport.Damage(
                    file: name, range: nil, lines: nil,
                    what: "can't be read: \(SystemFault.words(error.code))", isLost: true))
        }
    }

    // MARK: - The folder

    /// Returns where an unsealed segment ends according to the header of the next one; nil if
    /// no header does.
    private func end(of number: UInt64, by following: String?) throws(SystemFault) -> UInt64? {
        for name in [following, SegmentName.active].compactMap({ $0 }) {
            let file: LogFile
            do throws(SystemFault) { file = try files.openToRead(folder.file(name)) } catch {
                if error.isAbsence { continue }
                throw error
            }
            defer { files.close(file) }
            if let header = try CommitLine.header(of: file, files: files),
                header.segment == number + 1
            {
                return header.after
            }
        }
        return nil
    }

    private mutating func checkActive(_ known: HeadFile.Record?) throws(SystemFault) {
        let name = SegmentName.active
        let path = folder.file(name)
        try checking(name) { check throws(SystemFault) in
            // `MissingSegments` reports a missing file.
            guard try check.files.exists(path) else { return }
            check.report.segments += 1
            let file = try check.files.openToRead(path)
            let number: UInt64?
            do throws(SystemFault) {
                number = try CommitLine.number(of: file, files: check.files)
                check.files.close(file)
            } catch {
                check.files.close(file)
                throw error
            }
            let head = known.flatMap { $0.head.segment == number ? $0 : nil }
            try check.check(
                plain: name, end: head?.head.offset, lines: head?.lines, isOpen: true)
            if number == nil, try check.files.facts(path).bytes == 0 {
                check.report.damage.append(
                    VerifyReport.Damage(
                        file: name, range: 0..<0, lines: nil, what: "the open segment is empty"))
            }
        }
    }

    // MARK: - Archives

    private mutating func check(
        _ archive: Archive, repairing: Bool
    ) throws(SystemFault) {
        let name = archive.name
        let first = report.damage.count
        let size = try files.facts(folder.file(name.archive)).bytes
        let bytes = try files.contents(folder.file(name.index))
        let file = bytes.flatMap { IndexFile($0) }
        let stored = file?.archiveBytes == size ? try file?.index() : nil
        var index: SegmentIndex
        if let stored {
            index = stored
        } else {
            let rebuilt = try archive.rebuiltIndex()
            index = rebuilt.index
            report.damage.append(
                VerifyReport.Damage(
                    file: name.index, range: nil, lines: 0,
                    what: file == nil
                        ? "the index is missing or corrupt"
                        : "the archive's length differs from its index"))
            for damage in rebuilt.damage {
                report.damage.append(
                    VerifyReport.Damage(
                        file: name.archive, range: damage.range, lines: damage.lines,
                        what: damage.lines == nil
                            ? "the header of a member can't be read"
                            : damage.lines == 0
                                ? "bytes that belong to no member of the archive, or a copy of one"
                                : "a member is missing or corrupt"))
            }
        }
        var builder = IndexBuilder(closedAt: index.closedAt)
        var bad: Set<Int> = []
        for (i, member) in index.members.enumerated() {
            let range = member.offset..<(member.offset + member.packed)
            let found = try check(member, of: archive, &builder)
            if let found, found.foreign == 0, found.isAsWritten { continue }
            // A member whose lines can be read is rewritten from them.
            if found == nil { bad.insert(i) }
            // Unreadable members were reported with the index.
            if member.isUnreadable { continue }
            let what =
                switch found {
                case nil: "a member is corrupt"
                case let found? where found.foreign > 0: "a member contains non-event lines"
                default: "the header or the trailer of a member is corrupt; its lines are intact"
                }
            report.damage.append(
                VerifyReport.Damage(
                    file: name.archive, range: range,
                    lines: found.map(\.foreign) ?? member.lines, what: what))
        }
        // An index rebuilt from the lines must be identical.
        if let bytes, let file, stored != nil, bad.isEmpty,
            builder.encoded(archiveBytes: file.archiveBytes, closedAt: file.closedAt) != bytes
        {
            report.damage.append(
                VerifyReport.Damage(
                    file: name.index, range: 0..<bytes.count, lines: 0,
                    what: "the index does not match the archive"))
        }
        let end = index.members.last.map { $0.offset + $0.packed } ?? 0
        if size > end, stored != nil {
            report.damage.append(
                VerifyReport.Damage(
                    file: name.archive, range: end..<size, lines: nil,
                    what: "bytes after the last member"))
        }
        guard repairing, report.damage.count > first else { return }
        try archive.rewrite(index, without: bad)
        for i in first..<report.damage.count { report.damage[i].repaired = true }
    }

    /// Reads one member and adds it to `builder`; nil if its lines can't be read.
    private mutating func check(
        _ member: SegmentIndex.Member, of archive: Archive, _ builder: inout IndexBuilder
    ) throws(SystemFault) -> (foreign: Int, isAsWritten: Bool)? {
        guard let packed = try archive.packed(member),
            let lines = packed.withUnsafeBytes({ GzipMember.unpack($0, with: inflater) }),
            lines.count == member.plain
        else { return nil }
        count(lines, endingAt: LogPosition(segment: archive.name.number, offset: member.end))
        let survey = archive.survey(lines, at: member.start, for: &builder)
        builder.add(survey, packed: member.packed, plain: member.plain)
        return (
            survey.foreign,
            packed.withUnsafeBytes { GzipMember.isAsWritten($0, lines: survey.lines) }
        )
    }

    // MARK: - Plain

    /// - Parameters:
    ///   - end: The end of the acknowledged lines; nil if unknown, then nothing is missing.
    ///   - acknowledged: The number of lines up to `end`; nil if unknown.
    private mutating func check(
        plain name: String, end: UInt64?, lines acknowledged: Int? = nil, isOpen: Bool = false
    ) throws(SystemFault) {
        let file = try files.openToRead(folder.file(name))
        defer { files.close(file) }
        // The open segment may grow during the check; later bytes are not damage.
        let size = try files.facts(file).bytes
        var lines = LineCount()
        var sequences = self.sequences
        let queries = self.queries
        let scan = try PlainScan(file, files: files) { group, commit in
            lines.add(
                group, to: &sequences, guardedBy: queries,
                endingAt: LogPosition(segment: commit.segment, offset: commit.end))
        }
        self.sequences = sequences
        report.lines += lines.lines
        report.bytes += lines.bytes
        if let number = scan.number { present.insert(number) }
        for damage in scan.damage {
            report.damage.append(
                VerifyReport.Damage(
                    file: name, range: damage.range, lines: damage.lines,
                    what: damage.range.isEmpty
                        ? "\(damage.bytes) bytes of lines are missing here"
                        : "corrupt: \(damage.bytes) bytes of lines are lost"))
        }
        if scan.number != nil, scan.headers != 1 {
            report.damage.append(
                VerifyReport.Damage(
                    file: name, range: nil, lines: 0,
                    what: scan.headers == 0
                        ? "its header, which records where the previous segment ends, is missing"
                        : "its header occurs \(scan.headers) times"))
        }
        guard let tail = scan.tail(size: size, end: end ?? scan.end) else { return }
        guard tail.bytes > 0 else {
            report.damage.append(
                VerifyReport.Damage(
                    file: name, range: tail.range, lines: isOpen ? 0 : tail.lines,
                    what: "a torn tail that was never acknowledged"))
            return
        }
        let number = scan.number ?? 0
        let damage = LogDamage(
            file: name, what: "acknowledged lines are missing at the end",
            missing: LogPosition(
                segment: number, offset: scan.end)..<LogPosition(
                    segment: number, offset: scan.end +| tail.bytes),
            lines: acknowledged.map { max(0, $0 - scan.lines - scan.damagedLines) } ?? tail.lines)
        report.damage.append(VerifyReport.Damage(damage, range: tail.range))
    }

    private mutating func count(_ bytes: [UInt8], endingAt end: LogPosition) {
        var lines = LineCount()
        bytes.withUnsafeBytes {
            lines.add($0, to: &sequences, guardedBy: queries, endingAt: end)
        }
        report.lines += lines.lines
        report.bytes += lines.bytes
    }
}

private struct LineCount {
    var lines = 0
    var bytes = 0

    /// - Parameter end: The position after the lines.
    mutating func add(
        _ group: UnsafeRawBufferPointer, to sequences: inout SequenceCensus,
        guardedBy queries: QueryGuard?, endingAt end: LogPosition
    ) {
        let start = end.offset -| UInt64(clamping: group.count)
        let from = LogPosition(segment: end.segment, offset: start)
        QueryGuard.examine(from...end, for: "verify", guardedBy: queries) { step in
            group.forEachLine { line, offset in
                guard !line.isFiller else { return }
                lines += 1
                bytes += line.count + 1
                let after = LogPosition(
                    segment: end.segment,
                    offset: start +| UInt64(clamping: offset +| line.count +| 1))
                guard step.admits(line, endingAt: after) else { return }
                if let scanned = try? ScannedLine(line, from: .log) {
                    sequences.note(scanned.key, of: line)
                }
            }
            return true
        }
    }
}

/// The sequence numbers found for each sender.
private struct SequenceCensus {
    private var marks: [Hash128: SequenceMark] = [:]
    private var names: [Hash128: (node: String, epoch: String)] = [:]
    /// The maximum of senders; further ones are ignored.
    private static let most = 65_536

    mutating func note(_ key: ScannedLine.Key, of line: UnsafeRawBufferPointer) {
        guard case .sequence(let stream, let seq) = key else { return }
        if marks[stream] == nil {
            guard marks.count < Self.most, let event = try? Event(line: line) else { return }
            names[stream] = (event.node ?? "", event.epoch ?? "")
        }
        _ = marks[stream, default: SequenceMark()].insert(seq)
    }

    var gaps: [VerifyReport.Gap] {
        let all = marks.compactMap { stream, mark -> VerifyReport.Gap? in
            guard mark.runs.count > 1, let name = names[stream] else { return nil }
            let missing = zip(mark.runs, mark.runs.dropFirst()).reduce(0) {
                $0 +| Int(clamping: $1.1.lowerBound - $1.0.upperBound - 1)
            }
            return VerifyReport.Gap(node: name.node, epoch: name.epoch, missing: missing)
        }
        return Array(
            all.sorted { ($1.missing, $0.node, $0.epoch) < ($0.missing, $1.node, $1.epoch) }
                .prefix(100))
    }
}
