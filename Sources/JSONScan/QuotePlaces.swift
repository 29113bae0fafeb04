internal import CTextMarks

/// Where the quotes of a line are, found 64 bytes at a time.
///
/// For lines of the usual form, ASCII without escapes, whose strings therefore lie between the
/// quotes in turn. One value is used for many lines, so that its room is, too. Not thread-safe.
public struct QuotePlaces: Sendable {
    /// Empty until the first line.
    @usableFromInline var places: [UInt16] = []

    /// A line with more is left to others.
    @usableFromInline static let most = 1024

    @inlinable
    public init() {}

    /// What `body` makes of the tokens of `line`; nil also where the line has a backslash, a
    /// control character, a byte beyond ASCII, more than 65,535 bytes, a quote without another,
    /// or very many.
    @inlinable @inline(always)
    public mutating func withTokens<Result>(
        of line: UnsafeRawBufferPointer, _ body: (PlainTokens) -> Result?
    ) -> Result? {
        if places.isEmpty { places = Array(repeating: 0, count: Self.most + 64) }
        return places.withUnsafeMutableBufferPointer { room in
            guard let places = room.baseAddress, let base = line.baseAddress else { return nil }
            let count = Self.find(base, line.count, into: places)
            guard count > 0 else { return nil }
            return body(
                PlainTokens(
                    base: base, count: line.count, quotes: UnsafePointer(places),
                    quoteCount: count))
        }
    }

    /// How many there are; -1 where the line is not of the usual form.
    ///
    /// - Parameter places: Has room for `most` and 64 more.
    @usableFromInline
    static func find(
        _ line: UnsafeRawPointer, _ count: Int, into places: UnsafeMutablePointer<UInt16>
    ) -> Int {
        guard count <= UInt16.max else { return -1 }
        var found = places
        let end = places + most
        var others: UInt64 = 0
        var at = 0
        while at &+ 64 <= count {
            let block = bellwether_text_marks(line + at)
            others |= block.others
            note(block.quotes, from: at, &found)
            guard found <= end else { return -1 }
            at &+= 64
        }
        if count < 64 {
            let block = marks(ofShort: UnsafeRawBufferPointer(start: line, count: count))
            others = block.others
            note(block.quotes, from: 0, &found)
        } else if at < count {
            // The last 64 bytes, of which some were in the block before.
            let block = bellwether_text_marks(line + (count &- 64))
            others |= block.others
            note(block.quotes &>> UInt64(64 &- (count &- at)), from: at, &found)
        }
        let all = found - places
        return others == 0 && all & 1 == 0 && all <= most ? all : -1
    }

    /// Of fewer than 64 bytes, with blanks behind them.
    private static func marks(ofShort line: UnsafeRawBufferPointer) -> bellwether_marks_block {
        let blanks: UInt64 = 0x2020_2020_2020_2020
        var room = (blanks, blanks, blanks, blanks, blanks, blanks, blanks, blanks)
        return withUnsafeMutableBytes(of: &room) { room in
            room.copyMemory(from: line)
            return bellwether_text_marks(room.baseAddress)
        }
    }

    @inline(always)
    private static func note(
        _ quotes: UInt64, from at: Int, _ found: inout UnsafeMutablePointer<UInt16>
    ) {
        var rest = quotes
        while rest != 0 {
            found.pointee = UInt16(truncatingIfNeeded: at &+ rest.trailingZeroBitCount)
            found += 1
            rest &= rest &- 1
        }
    }
}
