import JSON

/// Splits a text into its JSON values.
///
/// Values may be concatenated, pretty-printed, separated by white space, commas or record
/// separators (RFC 7464), or elements of an array.
enum ValueSequence {
    /// Limits for finding the ends of values; each value is validated later.
    private static let limits = JSONLimits(maxBytes: .max, maxDepth: 64)
    /// U+FEFF in UTF-8, which some programs write before each batch (RFC 8259 §8.1).
    static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Calls `visit` for the range of each value, in order. The elements of an array are visited in
    /// its place; an empty array is a value. Keeps no list: a body may hold millions of values.
    ///
    /// - Throws: If the text is anything but such values; `visit` was called for those before.
    static func forEachValue(
        of text: UnsafeRawBufferPointer, _ visit: (Range<Int>) -> Void
    ) throws(JSONFault) {
        var at = skipSeparators(text, from: 0, commas: 0)
        while at < text.count {
            if text[at] == UInt8(ascii: "[") {
                at = try readArray(text, from: at, visit)
            } else {
                let end = try endOfValue(text, at, within: 0)
                visit(at..<end)
                at = end
            }
            at = skipSeparators(text, from: at, commas: 1)
        }
    }

    /// Removes white space between the tokens of a value, so that it fits one line.
    ///
    /// - Parameter value: A value found by `forEachValue`.
    static func compact(_ value: UnsafeRawBufferPointer) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(value.count)
        var isInString = false
        var isEscaped = false
        for byte in value {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
            } else if byte == UInt8(ascii: "\"") {
                isInString = true
            } else if isSpace(byte) {
                continue
            }
            out.append(byte)
        }
        return out
    }

    /// The length of the record separators and byte order marks at the start of `line`.
    static func marks(before line: UnsafeRawBufferPointer) -> Int {
        var at = 0
        while at < line.count {
            if line[at] == 0x1E {
                at += 1
            } else if line[at...].starts(with: mark) {
                at += mark.count
            } else {
                break
            }
        }
        return at
    }

    /// Whether the first value of a text is an array.
    static func beginsArray(_ text: UnsafeRawBufferPointer) -> Bool {
        let start = skipSeparators(text, from: 0, commas: 0)
        return start < text.count && text[start] == UInt8(ascii: "[")
    }

    /// Whether a text begins like an array of objects.
    static func isArray(_ text: UnsafeRawBufferPointer) -> Bool {
        guard beginsArray(text) else { return false }
        let start = skipSeparators(text, from: 0, commas: 0)
        let first = skipSpace(text, from: start + 1)
        return first < text.count && text[first] == UInt8(ascii: "{")
    }

    private static func readArray(
        _ text: UnsafeRawBufferPointer, from start: Int, _ visit: (Range<Int>) -> Void
    ) throws(JSONFault) -> Int {
        var at = skipSpace(text, from: start + 1)
        if at < text.count, text[at] == UInt8(ascii: "]") {
            visit(start..<(at + 1))
            return at + 1
        }
        while true {
            let end = try endOfValue(text, at, within: 1)
            visit(at..<end)
            at = skipSpace(text, from: end)
            guard at < text.count else { throw JSONFault(.unexpectedEnd, at: at) }
            switch text[at] {
            case UInt8(ascii: ","): at = skipSpace(text, from: at + 1)
            case UInt8(ascii: "]"): return at + 1
            default: throw JSONFault(.unexpectedByte, at: at)
            }
        }
    }

    private static func endOfValue(
        _ text: UnsafeRawBufferPointer, _ at: Int, within depth: Int
    ) throws(JSONFault) -> Int {
        try JSONScanner.end(ofValueAt: at, in: text, limits: limits, within: depth)
    }

    private static func skipSpace(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
        var at = start
        while at < text.count, isSpace(text[at]) { at += 1 }
        return at
    }

    private static func skipSeparators(
        _ text: UnsafeRawBufferPointer, from start: Int, commas: Int
    ) -> Int {
        var at = start
        var commas = commas
        while at < text.count {
            if isSpace(text[at]) || text[at] == 0x1E {
                at += 1
            } else if text[at] == mark[0], text[at...].starts(with: mark) {
                at += mark.count
            } else if text[at] == UInt8(ascii: ","), commas > 0 {
                commas -= 1
                at += 1
            } else {
                break
            }
        }
        return at
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }
}
