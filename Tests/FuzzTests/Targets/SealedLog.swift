import Events

@testable import EventLog

/// A log of one sealed segment in memory, with ways to query it.
struct SealedLog {
    let files = MemoryFileSystem()
    let folder: LogFolder
    private let name: SegmentName
    /// The lines as they were sealed.
    let lines: [[UInt8]]

    var archivePath: String { folder.file(name.archive) }
    var indexPath: String { folder.file(name.index) }
    var archive: Archive { Archive(folder: folder, name: name) }

    /// Seals `lines` in members of `perMember` lines.
    init(_ lines: [[UInt8]], perMember: Int) {
        folder = LogFolder(below: "", files: files)
        name = SegmentName(
            first: Timestamp(milliseconds: 1_700_000_000_000), number: 1, after: nil)
        self.lines = lines
        let closedAt = Timestamp(milliseconds: 1_700_000_000_000)
        (files[archivePath], files[indexPath]) = Self.pack(
            lines, perMember: perMember, closedAt: closedAt)
    }

    /// The archive of `lines`, in members of `perMember` lines, and its index.
    static func pack(
        _ lines: [[UInt8]], perMember: Int, closedAt: Timestamp
    ) -> (archive: [UInt8], index: [UInt8]) {
        var packed: [UInt8] = []
        var builder = IndexBuilder(closedAt: closedAt)
        let deflater = Deflater(level: 1)
        for start in stride(from: 0, to: lines.count, by: perMember) {
            let plain = Array(
                lines[start..<min(start + perMember, lines.count)].map { $0 + [0x0A] }.joined())
            plain.withUnsafeBytes { bytes in
                let survey = builder.survey(bytes)
                let member =
                    GzipMember.pack(bytes, lines: survey.lines, with: deflater, level: 1) ?? []
                builder.add(survey, packed: member.count, plain: plain.count)
                packed += member
            }
        }
        return (packed, builder.encoded(archiveBytes: packed.count, closedAt: closedAt))
    }

    /// The whole segment is visible, and nothing is written to it.
    private struct View: LogView {
        let folder: LogFolder
        func horizon() -> LogPosition { LogPosition(segment: 2, offset: 0) }
        func plain(_ number: UInt64, file: LogFile) -> LogState.Plain {
            LogState.Plain(end: 0, checkpoints: Checkpoints())
        }
        func removed() -> RemovedSegments { RemovedSegments() }
    }

    struct Answer: Equatable {
        var lines: [[UInt8]] = []
        var skipped = 0
    }

    func read(_ query: EventLogQuery = .all) throws -> Answer {
        var answer = Answer()
        var source = LineSource(View(folder: folder), from: .start)
        try source.read(query) { line, _ in
            answer.lines.append(Array(line))
            return .more
        }
        answer.skipped = source.skipped
        return answer
    }

    func last(_ count: Int, _ query: EventLogQuery) throws -> [[UInt8]] {
        try LineSource.last(count, of: query, in: View(folder: folder)).lines.map(\.bytes)
    }

    func count(by field: String, _ query: EventLogQuery) throws -> EventLogCounts {
        var count = LogCount(View(folder: folder), by: field, query)
        return try count.run()
    }

    func verify(repairing: Bool = false) throws -> VerifyReport {
        var check = Verification(folder)
        try check.run(repairing: repairing)
        return check.report
    }
}
