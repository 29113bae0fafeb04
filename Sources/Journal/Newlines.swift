import Events
import JSONScan

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension UnsafeRawBufferPointer {
    /// The index of the first newline at or after `start`.
    func firstNewline(from start: Int) -> Int? {
        guard start < count, let base = baseAddress,
            let found = memchr(base + start, 0x0A, count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// Whether a line is blanks only: it keeps the place of lines that were lost.
    var isFiller: Bool {
        guard let first else { return true }
        return first == UInt8(ascii: " ") && allSatisfy { $0 == UInt8(ascii: " ") }
    }

    /// Whether a line is a JSON object: only those are ever stored.
    var isObject: Bool {
        (try? JSONScanner.validate(self, limits: .event))?.kind == .object
    }

    /// Calls `body` for each line, with its start and without its newline; bytes
    /// after the last newline are a line too.
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
