/// Writes compact, deterministic JSON.
///
/// Numbers have the format of RFC 8785 (JCS) §3.2.2.3; NaN and infinities become `null`.
/// Strings escape quotes, backslashes, control characters, and U+2028 and U+2029, which some
/// readers treat as line breaks. The writer inserts commas; the caller must balance containers.
public struct JSONWriter {
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false
    private let escapesLeast: Bool

    /// - Parameter escapesLeast: Whether strings escape only what RFC 8785 §3.2.2.2 escapes, so not
    ///   U+007F, U+2028 and U+2029.
    public init(capacity: Int = 512, escapesLeast: Bool = false) {
        self.escapesLeast = escapesLeast
        bytes.reserveCapacity(capacity)
    }

    /// The bytes written so far, as text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    // MARK: - Structure

    public mutating func object(_ body: (inout JSONWriter) -> Void) {
        open(UInt8(ascii: "{"))
        body(&self)
        close(UInt8(ascii: "}"))
    }

    public mutating func array(_ body: (inout JSONWriter) -> Void) {
        open(UInt8(ascii: "["))
        body(&self)
        close(UInt8(ascii: "]"))
    }

    /// Writes a member's key; exactly one value must follow.
    public mutating func key(_ name: String) {
        separate()
        quoted(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    // MARK: - Values

    public mutating func null() { word("null") }
    public mutating func value(_ flag: Bool) { word(flag ? "true" : "false") }
    public mutating func value(_ number: Int) { word(String(number)) }
    public mutating func value(_ number: Int64) { word(String(number)) }
    public mutating func value(_ number: UInt64) { word(String(number)) }
    public mutating func value(_ number: Double) { word(JSONNumber.text(number)) }

    public mutating func value(_ text: String) {
        separate()
        quoted(text)
        needsComma = true
    }

    public mutating func value(_ tree: JSONValue) {
        switch tree {
        case .null: null()
        case .bool(let flag): value(flag)
        case .number(let text): word(text)
        case .string(let text): value(text)
        case .array(let elements):
            array { writer in for element in elements { writer.value(element) } }
        case .object(let members):
            object { writer in
                for member in members {
                    writer.key(member.key)
                    writer.value(member.value)
                }
            }
        }
    }

    /// Writes bytes that already are one valid JSON value.
    public mutating func raw(_ json: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    // MARK: - Members

    public mutating func member(_ name: String, _ text: String?) {
        key(name)
        if let text { value(text) } else { null() }
    }

    public mutating func member(_ name: String, _ number: Double?) {
        key(name)
        if let number { value(number) } else { null() }
    }

    public mutating func member(_ name: String, _ number: Int?) {
        key(name)
        if let number { value(number) } else { null() }
    }

    public mutating func member(_ name: String, _ flag: Bool?) {
        key(name)
        if let flag { value(flag) } else { null() }
    }

    public mutating func member(_ name: String, _ tree: JSONValue) {
        key(name)
        value(tree)
    }

    public mutating func member(object name: String, _ body: (inout JSONWriter) -> Void) {
        key(name)
        object(body)
    }

    public mutating func member(array name: String, _ body: (inout JSONWriter) -> Void) {
        key(name)
        array(body)
    }

    // MARK: - Bytes

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = false
    }

    private mutating func word(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
        needsComma = true
    }

    private mutating func quoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { appendEscaped($0) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends the bytes of a text with its escapes. A page has hundreds of them; none allocates.
    private mutating func appendEscaped(_ utf8: UnsafeBufferPointer<UInt8>) {
        var pending = 0
        var at = 0
        while at < utf8.count {
            // Most texts have long runs of bytes that stay.
            if at + 8 <= utf8.count {
                let marks = Self.marks(in: utf8, at: at)
                if marks == 0 {
                    at += 8
                    continue
                }
                at += marks.trailingZeroBitCount >> 3
            }
            let byte = utf8[at]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                // The byte itself follows its backslash.
                append(utf8, pending..<at)
                bytes.append(UInt8(ascii: "\\"))
                pending = at
                at += 1
                continue
            }
            guard byte < 0x7F || !escapesLeast,
                let escape = byte == 0xE2 ? Self.lineSeparator(utf8, at: at) : Self.escape(byte)
            else {
                at += 1
                continue
            }
            append(utf8, pending..<at)
            escape.withUTF8Buffer { bytes.append(contentsOf: $0) }
            if escape.utf8CodeUnitCount == 4 {
                bytes.append(Self.hex(byte >> 4))
                bytes.append(Self.hex(byte & 15))
            }
            at += byte == 0xE2 ? 3 : 1
            pending = at
        }
        append(utf8, pending..<utf8.count)
    }

    private mutating func append(_ utf8: UnsafeBufferPointer<UInt8>, _ part: Range<Int>) {
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[part]))
    }

    /// The high bits of those of eight bytes that may need an escape.
    private static func marks(in utf8: UnsafeBufferPointer<UInt8>, at: Int) -> UInt64 {
        let eight = UnsafeRawBufferPointer(utf8).loadUnaligned(
            fromByteOffset: at, as: UInt64.self)
        let word = UInt64(littleEndian: eight)
        let ones: UInt64 = 0x0101_0101_0101_0101
        let deletes = word ^ (ones &* 0x7F)
        return TextMarks.special(in: word) | (deletes &- ones) & ~deletes & (ones &* 0x80)
    }

    /// The escape of a line or paragraph separator; nil for another character.
    private static func lineSeparator(
        _ utf8: UnsafeBufferPointer<UInt8>, at: Int
    ) -> StaticString? {
        guard at + 2 < utf8.count, utf8[at + 1] == 0x80 else { return nil }
        switch utf8[at + 2] {
        case 0xA8: return "\\u2028"
        case 0xA9: return "\\u2029"
        default: return nil
        }
    }

    /// The escape of a byte, or the four characters before its two hexadecimal digits; nil if it
    /// stays.
    private static func escape(_ byte: UInt8) -> StaticString? {
        switch byte {
        case 0x08: return "\\b"
        case 0x09: return "\\t"
        case 0x0A: return "\\n"
        case 0x0C: return "\\f"
        case 0x0D: return "\\r"
        case 0..<0x20, 0x7F: return "\\u00"
        default: return nil
        }
    }

    private static func hex(_ half: UInt8) -> UInt8 { half < 10 ? 0x30 + half : 0x57 + half }
}
