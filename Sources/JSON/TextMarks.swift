/// Finds bytes that end a run of plain text, eight bytes at a time.
///
/// The result has the high bit of each matching byte set. A borrow can set a wrong bit only
/// above a correct one, so the lowest set bit is exact (Mycroft's zero-byte test).
public enum TextMarks {
    /// Matches quotes and backslashes.
    @inlinable @inline(__always)
    public static func delimiters(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5C)
        return
            (((quotes &- ones) & ~quotes)
            | ((backslashes &- ones) & ~backslashes))
            & (ones &* 0x80)
    }

    /// Matches every byte that is not plain: also control characters and bytes outside ASCII.
    @inlinable @inline(__always)
    public static func special(in word: UInt64) -> UInt64 {
        delimiters(in: word)
            | ((word &- 0x2020_2020_2020_2020) | word) & 0x8080_8080_8080_8080
    }
}
