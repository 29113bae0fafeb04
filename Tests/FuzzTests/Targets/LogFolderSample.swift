import Events

@testable import EventLog

/// A log folder in memory: two archives with their indexes, a closed plain segment, the open
/// segment, and the side files.
struct LogFolderSample {
    let files: MemoryFileSystem
    /// Every line of the log, in order.
    let lines: [[UInt8]]
    /// The position of each line.
    let places: [[UInt8]: Int]
    /// The files, by path.
    let paths: [String]

    static let directory = "/sample"

    var view: ForeignView { ForeignView(directory: Self.directory, files: files) }
    var folder: LogFolder { LogFolder(below: Self.directory, files: files) }

    /// Created once; every use gets its own copy.
    private static let made = make()

    init() {
        files = MemoryFileSystem()
        for (path, bytes) in Self.made.files { files[path] = bytes }
        lines = Self.made.lines
        places = Self.made.places
        paths = Self.made.files.map(\.path)
    }

    private static let linesPerSegment = 48
    private static let closedAt = Timestamp(milliseconds: 1_764_000_000_000)

    private static func line(_ number: Int) -> [UInt8] {
        let az = ["zone-a", "zone-b"][number % 2]
        let event = ["analysis.healthy", "analysis.degraded", "analysis.unhealthy"][number % 3]
        return Array(
            (#"{"ts":"2026-11-23T06:0\#(number / 60):\#(String(number % 60 + 10).suffix(2))Z","#
                + #""event":"\#(event)","node":"gw-b","epoch":"e1","seq":\#(number),"#
                + #""id":"line-\#(number)","az":"\#(az)","message":"step \#(number * 7919 % 1000)"}"#)
                .utf8)
    }

    private static func make() -> (
        files: [(path: String, bytes: [UInt8])], lines: [[UInt8]], places: [[UInt8]: Int]
    ) {
        let folder = LogFolder(below: directory, files: MemoryFileSystem())
        let lines = (1...4 * linesPerSegment).map(line)
        var files: [(path: String, bytes: [UInt8])] = []
        var after: UInt64 = 0
        for segment in 1...4 {
            let part = Array(lines[(segment - 1) * linesPerSegment..<segment * linesPerSegment])
            let name = SegmentName(first: closedAt, number: UInt64(segment), after: nil)
            switch segment {
            case 1, 2:
                let (archive, index) = SealedLog.pack(part, perMember: 12, closedAt: closedAt)
                files.append((folder.file(name.archive), archive))
                files.append((folder.file(name.index), index))
            case 3:
                files.append((folder.file(name.plain), plain(part, UInt64(segment), after: after)))
            default:
                files.append(
                    (folder.file(SegmentName.active), plain(part, UInt64(segment), after: after)))
            }
            after = UInt64(part.reduce(0) { $0 + $1.count + 1 })
        }
        files.append(
            (
                folder.file(SegmentName.head),
                HeadFile.encode(
                    HeadFile.Record(
                        head: LogPosition(segment: 4, offset: after), lines: linesPerSegment))
            ))
        let places = Dictionary(uniqueKeysWithValues: lines.enumerated().map { ($1, $0) })
        return (files, lines, places)
    }

    /// An unsealed segment, in groups of eight lines.
    private static func plain(_ lines: [[UInt8]], _ number: UInt64, after: UInt64) -> [UInt8] {
        let header = CommitLine(
            segment: number, end: 0, bytes: 0, count: 0, at: closedAt, after: after)
        var bytes = header.encoded(groupChecksum: 0)
        var end: UInt64 = 0
        for start in stride(from: 0, to: lines.count, by: 8) {
            let group = lines[start..<min(start + 8, lines.count)]
            let text = Array(group.map { $0 + [0x0A] }.joined())
            end += UInt64(text.count)
            bytes += text
            bytes += CommitLine(
                segment: number, end: end, bytes: text.count, count: group.count, at: closedAt
            ).encoded(groupChecksum: Checksum.crc32(text))
        }
        return bytes
    }
}
