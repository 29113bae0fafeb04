import Events

/// The open segment: what of it is durable, and where the next byte goes.
struct ActiveSegment: Sendable {
    let file: LogFile
    let number: UInt64
    /// Where the segment before ends, as the header says.
    let after: UInt64
    /// Bytes of event lines that were acknowledged.
    var end: UInt64
    /// Where the last good commit line ends in the file.
    var physicalEnd: Int
    var lines: Int
    /// When the first line was accepted; nil while there is none.
    var firstAt: Timestamp?
    var lastAt: Timestamp?
    /// Whether bytes were written that no sync has covered.
    var dirty = false
    /// Before it the system was told that its memory may go.
    var released = 0

    /// What readers at the end of the log still find in memory: a segment of the usual size, so
    /// that digests, which may be behind, and sealing, which comes after, fetch nothing from
    /// the disk that was there a moment ago.
    static let keptInMemory = 64 << 20
    /// The hint is given once in as many bytes.
    static let releaseStep = 4 << 20

    var head: LogPosition { LogPosition(segment: number, offset: end) }
    var record: HeadFile.Record { HeadFile.Record(head: head, lines: lines) }
}

/// Rotation, in the order of its steps. Each can be done again from the start
/// after a failure or a crash: `active.jsonl.next` is made anew, a rename that
/// happened is seen by the name that is gone.
enum Rotation: Sendable, Equatable {
    /// No rotation is under way: `active.jsonl` takes lines.
    case none
    /// The open segment takes no more lines; `active.jsonl` becomes `name`, or
    /// goes when it holds no line. `after` is for the next one's header.
    case retiring(SegmentName?, after: UInt64, lines: Int)
    /// There is no `active.jsonl`; the next segment is to be put there.
    case installing(after: UInt64)
}
