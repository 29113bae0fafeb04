import CZlib

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension UnsafeRawBufferPointer {
    /// The index of the first `byte` at or after `start`.
    func first(_ byte: UInt8, from start: Int) -> Int? {
        guard start < count, let base = baseAddress,
            let found = memchr(base + start, Int32(byte), count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// The index of the first occurrence of `needle` at or after `start`. `needle` must not be
    /// empty.
    func first(_ needle: [UInt8], from start: Int) -> Int? {
        guard start < count, let base = baseAddress,
            let found = memmem(base + start, count - start, needle, needle.count)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// The start of the line that contains `place`, but not before `floor`.
    func lineStart(of place: Int, notBefore floor: Int) -> Int {
        guard place > floor, let base = baseAddress else { return floor }
        #if canImport(Darwin)
            var at = place
            while at > floor, self[at - 1] != UInt8(ascii: "\n") { at -= 1 }
            return at
        #else
            guard let found = memrchr(base + floor, 0x0A, place - floor) else { return floor }
            return UnsafeRawPointer(found) - base + 1
        #endif
    }
}
