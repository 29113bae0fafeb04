/// Checks and removes what precedes a UTF-8 text.
enum PlainText {
    /// Returns the text without a UTF-8 byte order mark (RFC 8259 §8.1 lets a reader ignore it).
    ///
    /// Throws absent(garbage) with the detected format if the bytes are clearly not UTF-8 text:
    /// UTF-16 or UTF-32 by its byte order mark, or undeclared gzip or zstd.
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
