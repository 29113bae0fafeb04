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
        let utf8 = text.utf8
        var pending = utf8.startIndex
        var i = utf8.startIndex
        while i < utf8.endIndex {
            let byte = utf8[i]
            let next = utf8.index(after: i)
            if let escape = Self.escape(byte), byte < 0x7F || !escapesLeast {
                bytes.append(contentsOf: utf8[pending..<i])
                bytes.append(contentsOf: escape)
                pending = next
            } else if byte == 0xE2, !escapesLeast,
                let third = Self.lineSeparator(utf8, after: next) {
                bytes.append(contentsOf: utf8[pending..<i])
                bytes.append(contentsOf: (third == 0xA8 ? "\\u2028" : "\\u2029").utf8)
                i = utf8.index(next, offsetBy: 2)
                pending = i
                continue
            }
            i = next
        }
        bytes.append(contentsOf: utf8[pending...])
        bytes.append(UInt8(ascii: "\""))
    }

    private static func lineSeparator(_ utf8: String.UTF8View, after i: String.Index) -> UInt8? {
        guard i < utf8.endIndex, utf8[i] == 0x80 else { return nil }
        let third = utf8.index(after: i)
        guard third < utf8.endIndex, utf8[third] == 0xA8 || utf8[third] == 0xA9 else { return nil }
        return utf8[third]
    }

    private static func escape(_ byte: UInt8) -> [UInt8]? {
        switch byte {
        case UInt8(ascii: "\""): return Array("\\\"".utf8)
        case UInt8(ascii: "\\"): return Array("\\\\".utf8)
        case 0x08: return Array("\\b".utf8)
        case 0x09: return Array("\\t".utf8)
        case 0x0A: return Array("\\n".utf8)
        case 0x0C: return Array("\\f".utf8)
        case 0x0D: return Array("\\r".utf8)
        case 0..<0x20, 0x7F:
            let digits = Array("0123456789abcdef".utf8)
            return Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        default: return nil
        }
    }
}
