import Events
import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension UnsafeRawBufferPointer {
    /// Returns the index of the first newline at or after `start`.
    func firstNewline(from start: Int) -> Int? {
        guard start < count, let base = baseAddress,
            let found = memchr(base + start, 0x0A, count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// Whether a line is empty or all spaces: a placeholder for lost lines.
    var isFiller: Bool {
        guard let first else { return true }
        return first == UInt8(ascii: " ") && allSatisfy { $0 == UInt8(ascii: " ") }
    }

    /// Whether a line is a valid JSON object; the log stores no other lines.
    var isObject: Bool {
        (try? JSONScanner.validate(self, limits: .event))?.kind == .object
    }

    /// Calls `body` for each line without its newline, and the line's start.
    ///
    /// Bytes after the last newline count as a line.
    func forEachLine<E: Error>(
        _ body: (_ line: UnsafeRawBufferPointer, _ start: Int) throws(E) -> Void
    ) throws(E) {
        var start = 0
        while start < count {
            let end = firstNewline(from: start) ?? count
            try body(UnsafeRawBufferPointer(rebasing: self[start..<end]), start)
            start = end + 1
        }
    }
}
