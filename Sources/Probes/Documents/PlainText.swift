/// What stands before a text that is no part of it.
enum PlainText {
    /// The text without a byte order mark of UTF-8 (RFC 8259 §8.1 lets a reader drop it).
    ///
    /// Throws absent(garbage) that names what the bytes are where they are plainly no UTF-8
    /// text: UTF-16 or UTF-32 by its mark, gzip or zstd that no header told of.
    static func checked(_ bytes: [UInt8]) throws(MissingData) -> [UInt8] {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return Array(bytes.dropFirst(3)) }
        for (mark, name) in marks where bytes.starts(with: mark) {
            throw MissingData(.garbage, "\(name), not plain UTF-8 text")
        }
        return bytes
    }

    private static let marks: [([UInt8], String)] = [
        ([0xFF, 0xFE], "UTF-16 text (by its byte order mark)"),
        ([0xFE, 0xFF], "UTF-16 text (by its byte order mark)"),
        ([0x00, 0x00, 0xFE, 0xFF], "UTF-32 text (by its byte order mark)"),
        ([0x1F, 0x8B], "gzip without Content-Encoding: gzip"),
        ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
    ]
}
