/// Text as gzip (RFC 1952) in members of at most 1 MiB, as in archives.
public enum PackedText {
    private static let level: Int32 = 6

    /// Returns nil if memory is short. The same text gives the same bytes.
    public static func pack(_ text: [UInt8]) -> [UInt8]? {
        let deflater = Deflater(level: level)
        var packed: [UInt8] = []
        for start in stride(from: 0, to: text.count, by: GzipMember.maxPlain) {
            let part = start..<min(start + GzipMember.maxPlain, text.count)
            let member = text.withUnsafeBytes {
                GzipMember.pack(
                    UnsafeRawBufferPointer(rebasing: $0[part]), lines: 0, with: deflater,
                    level: level)
            }
            guard let member else { return nil }
            packed += member
        }
        return packed
    }

    /// Returns the text; nil if it is damaged or longer than `limit`.
    public static func unpack(_ packed: [UInt8], atMost limit: Int) -> [UInt8]? {
        let inflater = Inflater()
        return packed.withUnsafeBytes { bytes in
            var text: [UInt8] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                guard let sizes = GzipMember.sizes(UnsafeRawBufferPointer(rebasing: rest)),
                    sizes.packed <= rest.count, text.count + sizes.plain <= limit,
                    let part = GzipMember.unpack(
                        UnsafeRawBufferPointer(rebasing: rest.prefix(sizes.packed)),
                        with: inflater)
                else { return nil }
                text += part
                rest = rest.dropFirst(sizes.packed)
            }
            return text
        }
    }
}
