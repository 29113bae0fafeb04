import Events
import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

// Names in the form that groups store, compared with the bytes of a line.

extension EventView {
    /// Calls `body` with the bytes of a name: escapes resolved, cut to `Bounds.name`, empty
    /// if the line has none.
    func withName<Result>(
        _ field: EventField, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        withName(self[field] ?? .nothing, body)
    }

    /// Calls `body` with the bytes of a name that is not an event field.
    func withName<Result>(
        _ slice: JSONScanner.Slice, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        if let plain = slice.plain(in: bytes), plain.count <= Bounds.name { return body(plain) }
        var text = (slice.text(in: bytes) ?? "").clipped(to: Bounds.name)
        return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }

    /// The bytes of a name if the line contains them in the stored form; nil otherwise.
    ///
    /// Replaces `withName` and its closure in code that runs for each line.
    @inline(__always)
    func plainName(_ field: EventField) -> UnsafeRawBufferPointer? {
        guard let slice = self[field] else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return plainName(slice)
    }

    @inline(__always)
    func plainName(_ slice: JSONScanner.Slice) -> UnsafeRawBufferPointer? {
        guard let plain = slice.plain(in: bytes), plain.count <= Bounds.name else { return nil }
        return plain
    }

    /// The text of a field, cut to `limit`; empty if the line has none.
    func name(_ field: EventField, limit: Int = Bounds.name) -> String {
        (text(field) ?? "").clipped(to: limit)
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes at `offset` equal `other`. The buffer must not end before them.
    func holds(_ other: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        guard let base = baseAddress, let start = other.baseAddress else { return other.isEmpty }
        return memcmp(base + offset, start, other.count) == 0
    }
}

extension String {
    /// Whether the string has these UTF-8 bytes.
    func isSpelled(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard utf8.count == bytes.count else { return false }
        guard let base = bytes.baseAddress, bytes.count > 0 else { return true }
        let isEqual = utf8.withContiguousStorageIfAvailable { own in
            own.baseAddress.map { memcmp($0, base, own.count) == 0 } ?? false
        }
        return isEqual ?? utf8.elementsEqual(bytes)
    }

    /// The text of a name's bytes.
    init(name: UnsafeRawBufferPointer) { self.init(decoding: name, as: UTF8.self) }
}
