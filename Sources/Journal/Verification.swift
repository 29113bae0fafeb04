import Events
import JSONScan

/// Checks every segment of a log. Every call blocks.
struct Verification {
    private let folder: LogFolder
    private(set) var report = VerifyReport()
    private var sequences = SequenceCensus()
    /// What was found of segments that are not sealed, by number: where they begin by the header
    /// of the next one, and where their good lines end.
    private var present: Set<UInt64> = []
    private var plain: [UInt64: (file: String, end: UInt64, lines: Int, after: UInt64?)] = [:]
    private let inflater = Inflater()
    private var files: any LogFileSystem { folder.files }

    init(_ folder: LogFolder) { self.folder = folder }

    /// Looks at everything; with `repairing` archives are mended as they are found.
    mutating func run(repairing: Bool) throws(SystemFault) {
        // Before the segments: what is acknowledged meanwhile is not missing.
        let known = HeadFile.read(in: folder)
        for segment in try folder.segments() {
            report.segments += 1
            present.insert(segment.name.number)
            if segment.sealed {
                try check(Archive(folder: folder, name: segment.name), repairing: repairing)
            } else {
                try check(plain: segment.name.plain)
            }
        }
        if (try? files.facts(folder.file(SegmentName.active))) != nil {
            report.segments += 1
            try check(plain: SegmentName.active)
        }
        report.gaps = sequences.gaps
        noteMissing(known)
    }

    /// Whether segments are missing altogether: they may have been made or removed meanwhile.
    var lacksSegments: Bool { report.damage.contains { $0.range == nil && $0.lines != 0 } }

    /// What was acknowledged by the log's own records and is not there.
    private mutating func noteMissing(_ known: HeadFile.Record?) {
        let missing = MissingSegments(
            present: present, removed: RemovedSegments(in: folder), known: known)
        for damage in missing.damage {
            report.damage.append(VerifyReport.Damage(damage))
        }
        for (number, segment) in plain.sorted(by: { $0.key < $1.key }) {
            var end = plain[number +| 1]?.after ?? 0
            var lines: Int?
            if let known, known.head.segment == number, known.head.offset > end {
                end = known.head.offset
                lines = known.lines.map { max(0, $0 - segment.lines) }
            }
            guard end > segment.end else { continue }
            report.damage.append(
                VerifyReport.Damage(
                    LogDamage(
                        file: segment.file, what: "acknowledged lines are missing",
                        missing: LogPosition(
                            segment: number, offset: segment.end)..<LogPosition(
                                segment: number, offset: end),
                        lines: lines)))
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
        let stored = try file?.index()
        var index: SegmentIndex
        if let stored {
            index = stored
        } else {
            let rebuilt = try archive.rebuiltIndex()
            index = rebuilt.index
            report.damage.append(
                VerifyReport.Damage(
                    file: name.index, range: nil, lines: 0,
                    what: "the index is missing or not as written"))
            for damage in rebuilt.damage where damage.lines == nil {
                report.damage.append(
                    VerifyReport.Damage(
                        file: name.archive, range: damage.range, lines: nil,
                        what: "the head of a member can't be read"))
            }
        }
        var builder = IndexBuilder(closedAt: index.closedAt)
        var bad: Set<Int> = []
        for (i, member) in index.members.enumerated() {
            let range = member.offset..<(member.offset + member.packed)
            guard let lines = try archive.lines(of: member, with: inflater),
                lines.count == member.plain
            else {
                bad.insert(i)
                report.damage.append(
                    VerifyReport.Damage(
                        file: name.archive, range: range, lines: member.lines,
                        what: "a member is not as written"))
                continue
            }
            lines.withUnsafeBytes { plain in
                count(plain)
                builder.add(builder.survey(plain), packed: member.packed, plain: member.plain)
            }
        }
        // Made anew from the lines it must come out the same, bit by bit.
        if let bytes, let file, stored != nil, bad.isEmpty,
            builder.encoded(archiveBytes: file.archiveBytes, closedAt: file.closedAt) != bytes
        {
            report.damage.append(
                VerifyReport.Damage(
                    file: name.index, range: 0..<bytes.count, lines: 0,
                    what: "the index does not say what the archive holds"))
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

    // MARK: - Plain

    private mutating func check(plain name: String) throws(SystemFault) {
        let file = try files.openToRead(folder.file(name))
        defer { files.close(file) }
        // The open segment may grow while it is read: what came later is not damage.
        let size = try files.facts(file).bytes
        var lines = LineCount()
        var sequences = self.sequences
        let scan = try PlainScan(file, files: files) { group, _ in
            lines.add(group, to: &sequences)
        }
        self.sequences = sequences
        report.lines += lines.lines
        report.bytes += lines.bytes
        if let number = scan.number {
            present.insert(number)
            plain[number] = (name, scan.end, scan.lines, scan.after)
        }
        if scan.damagedGroups > 0 {
            report.damage.append(
                VerifyReport.Damage(
                    file: name, range: 0..<scan.physicalEnd, lines: nil,
                    what: "\(scan.damagedGroups) groups are not as written"))
        }
        if size > scan.physicalEnd {
            report.damage.append(
                VerifyReport.Damage(
                    file: name, range: scan.physicalEnd..<size, lines: 0,
                    what: "a torn tail that was never acknowledged"))
        }
    }

    private mutating func count(_ bytes: UnsafeRawBufferPointer) {
        var lines = LineCount()
        lines.add(bytes, to: &sequences)
        report.lines += lines.lines
        report.bytes += lines.bytes
    }
}

private struct LineCount {
    var lines = 0
    var bytes = 0

    mutating func add(_ group: UnsafeRawBufferPointer, to sequences: inout SequenceCensus) {
        var notes = LineNotes()
        group.forEachLine { line, _ in
            guard !line.isFiller else { return }
            lines += 1
            bytes += line.count + 1
            if let scanned = try? ScannedLine(line, &notes, from: .log) {
                sequences.note(scanned.key, of: line)
            }
        }
    }
}

/// Which numbers of each sender's sequence were seen.
private struct SequenceCensus {
    private var marks: [Hash128: SequenceMark] = [:]
    private var names: [Hash128: (node: String, epoch: String)] = [:]
    /// More senders than that are not looked at.
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
