import Events

/// The open segment: its file, its durable end and the offset of the next write.
struct ActiveSegment: Sendable {
    let file: LogFile
    let number: UInt64
    /// End of the previous segment in bytes of lines, as recorded in this segment's header.
    let after: UInt64
    /// Bytes of acknowledged event lines.
    var end: UInt64
    /// File offset of the end of the last good commit line.
    var physicalEnd: Int
    var lines: Int
    /// When the first line was accepted; nil if the segment holds no line.
    var firstAt: Timestamp?
    var lastAt: Timestamp?
    /// Whether bytes were written since the last sync.
    var dirty = false
    /// File offset before which the page cache was released.
    var released = 0

    /// Bytes at the end of the segment that stay in the page cache. This is the default segment
    /// size, so that digests that lag behind and the sealer read recent lines from memory.
    static let keptInMemory = 64 << 20
    /// The page cache is released in steps of this many bytes.
    static let releaseStep = 4 << 20

    var head: LogPosition { LogPosition(segment: number, offset: end) }
    var record: HeadFile.Record { HeadFile.Record(head: head, lines: lines) }
}

/// The steps of a rotation, in order.
///
/// Each step can be repeated after a failure or a crash: `active.jsonl.next` is created again, and
/// a rename that already happened is recognized by the missing old name.
enum Rotation: Sendable, Equatable {
    /// No rotation is in progress: `active.jsonl` accepts lines.
    case none
    /// The open segment accepts no more lines. `active.jsonl` is renamed to `name`, or removed if
    /// it holds no line. `after` is for the next segment's header.
    case retiring(SegmentName?, after: UInt64, lines: Int)
    /// There is no `active.jsonl`; the next segment is to be moved there.
    case installing(after: UInt64)
}
