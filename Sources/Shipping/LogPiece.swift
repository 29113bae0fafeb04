import EventLog
import Events

/// Lines of one segment that follow one another, as they become an object of the log.
struct LogPiece: Sendable, Equatable {
    let from: LogPosition
    let to: LogPosition
    let text: [UInt8]

    /// The first lines of a batch up to the end of their segment or a lost line; nil without lines.
    ///
    /// A restored folder has segments that end where these do, and lines at the same positions.
    init?(_ lines: [EventLogLine]) {
        guard let first = lines.first else { return nil }
        var (end, text) = (first.end, first.bytes)
        text.append(UInt8(ascii: "\n"))
        for line in lines.dropFirst() {
            guard line.end.segment == end.segment,
                line.end.offset == end.offset &+ UInt64(line.bytes.count &+ 1)
            else { break }
            text += line.bytes
            text.append(UInt8(ascii: "\n"))
            end = line.end
        }
        from = LogPosition(
            segment: first.end.segment, offset: first.end.offset &- UInt64(first.bytes.count &+ 1))
        to = end
        self.text = text
    }
}
