/// Which of eight bytes at once end a stretch of a string.
///
/// Each term has the high bit of a byte set when the byte is one of those; a borrow can set it
/// wrongly only above a byte where it is set rightly, so the lowest one is exact (Mycroft's
/// zero-byte test).
public enum TextMarks {
    /// Quotes and backslashes.
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

    /// All that isn't plain: also control characters and bytes beyond ASCII.
    @inlinable @inline(__always)
    public static func special(in word: UInt64) -> UInt64 {
        delimiters(in: word)
            | ((word &- 0x2020_2020_2020_2020) | word) & 0x8080_8080_8080_8080
    }
}
