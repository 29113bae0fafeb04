/// A position in the event log, between two lines.
///
/// `segment` numbers segments from 1 in the order of their creation. `offset` is the number of
/// bytes of event lines before the position within the segment; it does not change when the
/// segment is sealed.
public struct LogPosition: Sendable, Hashable, Comparable {
    public var segment: UInt64
    public var offset: UInt64

    public init(segment: UInt64, offset: UInt64) {
        self.segment = segment
        self.offset = offset
    }

    /// The position before the first line of the log.
    public static let start = LogPosition(segment: 0, offset: 0)

    public static func < (a: LogPosition, b: LogPosition) -> Bool {
        (a.segment, a.offset) < (b.segment, b.offset)
    }
}

extension LogPosition: CustomStringConvertible {
    /// The position as text, `41:1830`; also the form of a cursor token.
    public var description: String { "\(segment):\(offset)" }

    /// Parses the form of `description`.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let segment = UInt64(parts[0]), let offset = UInt64(parts[1]) else {
            return nil
        }
        self.init(segment: segment, offset: offset)
    }
}
