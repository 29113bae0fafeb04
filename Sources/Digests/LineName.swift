import Events
import JSONScan

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

// Names as groups keep them, compared where they lie in the line.

extension EventLine {
    /// Calls `body` with the bytes of a name: escapes resolved, cut to `Bounds.name`, empty
    /// where the line has none.
    func withName<Result>(
        _ field: EventField, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        withName(self[field] ?? .nothing, body)
    }

    /// The same for a name somewhere else in the line.
    func withName<Result>(
        _ slice: JSONScanner.Slice, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        if let plain = slice.plain(in: bytes), plain.count <= Bounds.name { return body(plain) }
        var text = (slice.text(in: bytes) ?? "").clipped(to: Bounds.name)
        return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }

    /// A name's bytes where they are kept as they stand in the line; nil where a text has to be
    /// made of them. `withName` without a closure, for what is done for each line.
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

    /// A field's text, cut to `limit`; empty where the line has none.
    func name(_ field: EventField, limit: Int = Bounds.name) -> String {
        (text(field) ?? "").clipped(to: limit)
    }
}

extension UnsafeRawBufferPointer {
    /// Whether `other` stands at `at`, which has room for it.
    func holds(_ other: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        guard let base = baseAddress, let start = other.baseAddress else { return other.isEmpty }
        return memcmp(base + offset, start, other.count) == 0
    }
}

extension String {
    /// Whether these are its bytes.
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
