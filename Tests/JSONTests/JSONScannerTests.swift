import JSON
import Testing

/// Validates text; nil when it is acceptable.
func fault(of text: String, limits: JSONLimits = .event) -> JSONFault? {
    fault(of: Array(text.utf8), limits: limits)
}

func fault(of bytes: [UInt8], limits: JSONLimits = .event) -> JSONFault? {
    bytes.withUnsafeBytes { raw in
        do throws(JSONFault) {
            try JSONScanner.validate(raw, limits: limits)
            return nil
        } catch { return error }
    }
}

@Suite("The scanner")
struct JSONScannerTests {
    @Test(
        "accepts what RFC 8259 allows",
        arguments: [
            "0", "-0", "1", "-12.5e+3", "1E9", "0.0001", "true", "false", "null", #""""#,
            #""a\u00e9\ud83d\ude00\n\/""#, "\"é😀\u{7f}\"", "[]", "[ ]", "{}", " { } ",
            "[1,[2,[3]],{\"a\":{}}]", "\t\r\n [null]\n", #"{"a":1,"a":2}"#,
            "123456789012345678901234567890", "\"\u{10FFFF}\u{FFFF}\u{2028}\"",
        ])
    func accepts(text: String) { #expect(fault(of: text) == nil) }

    @Test(
        "refuses, with the reason and the position",
        arguments: [
            ("", .empty, 0), ("  ", .empty, 2), ("tru", .unexpectedEnd, 3),
            ("trux", .unexpectedByte, 3), ("nul0", .unexpectedByte, 3), ("01", .invalidNumber, 0),
            ("-", .invalidNumber, 0), ("1.", .invalidNumber, 0), ("1.e1", .invalidNumber, 0),
            (".5", .unexpectedByte, 0), ("+1", .unexpectedByte, 0), ("1e", .invalidNumber, 0),
            ("1e+", .invalidNumber, 0), ("NaN", .unexpectedByte, 0), ("1 2", .trailingBytes, 2),
            ("[1,]", .unexpectedByte, 3), ("[1 2]", .unexpectedByte, 3), ("[", .unexpectedEnd, 1),
            ("{", .unexpectedEnd, 1), (#"{"a"}"#, .unexpectedByte, 4),
            (#"{"a":}"#, .unexpectedByte, 5), (#"{"a":1,}"#, .unexpectedByte, 7),
            ("{a:1}", .unexpectedByte, 1), ("{1:1}", .unexpectedByte, 1),
            ("'a'", .unexpectedByte, 0), ("\"a", .unexpectedEnd, 2),
            ("\"\u{1}\"", .controlCharacter, 1), ("\"\n\"", .controlCharacter, 1),
            (#""\x""#, .invalidEscape, 1), (#""\u12g4""#, .invalidEscape, 5),
            (#""\ud800""#, .loneSurrogate, 1), (#""\ud800\u0041""#, .loneSurrogate, 1),
            (#""\udc00""#, .loneSurrogate, 1), (#""\u12"#, .unexpectedEnd, 5),
            ("[1]]", .trailingBytes, 3), ("\u{FEFF}{}", .unexpectedByte, 0),
        ] as [(String, JSONFault.Reason, Int)])
    func refuses(text: String, reason: JSONFault.Reason, offset: Int) {
        #expect(fault(of: text) == JSONFault(reason, at: offset))
    }

    @Test("every proper prefix of a document is refused, the document is not")
    func prefixes() {
        let text = Array(#"{"a":[1.5e-3,"x\u00e9\ud83d\ude00é",true,null],"b":{"c":-0}}"#.utf8)
        for count in 0..<text.count { #expect(fault(of: Array(text[..<count])) != nil) }
        #expect(fault(of: text) == nil)
    }

    @Test("limits: depth and size are exact")
    func bounds() {
        let sixteen = String(repeating: "[", count: 16) + String(repeating: "]", count: 16)
        #expect(fault(of: sixteen) == nil)
        #expect(fault(of: "[" + sixteen + "]") == JSONFault(.tooDeep, at: 16))
        let mixed = String(repeating: #"{"a":["#, count: 8) + String(repeating: "]}", count: 8)
        #expect(fault(of: mixed) == nil)
        let limits = JSONLimits(maxBytes: 10, maxDepth: 1)
        #expect(fault(of: #""12345678""#, limits: limits) == nil)
        #expect(fault(of: #""123456789""#, limits: limits)?.reason == .tooLong)
        // Deeper nesting than the stack permits for recursion.
        #expect(fault(of: String(repeating: "[", count: 60_000))?.reason == .tooDeep)
    }

    @Test("UTF-8: each boundary of Unicode's table 3-7, and each step beyond it")
    func utf8() {
        let good: [[UInt8]] = [
            [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xE1, 0x80, 0x80],
            [0xEC, 0xBF, 0xBF], [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80], [0xEF, 0xBF, 0xBF],
            [0xF0, 0x90, 0x80, 0x80], [0xF1, 0x80, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF],
        ]
        let bad: [[UInt8]] = [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x7F], [0xC2, 0xC0],
            [0xE0, 0x9F, 0xBF], [0xE1, 0x80], [0xE1, 0x80, 0x7F], [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF], [0xF1, 0x80, 0x80],
            [0xF1, 0x80, 0x80, 0xC0],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xFE],
        ]
        for padding in 0..<20 {
            let front = [UInt8](repeating: 0x61, count: padding)
            for bytes in good { #expect(fault(of: [0x22] + front + bytes + front + [0x22]) == nil) }
            for bytes in bad {
                #expect(
                    fault(of: [0x22] + front + bytes + front + [0x22])
                        == JSONFault(.invalidUTF8, at: 1 + padding), "\(bytes) after \(padding)")
            }
        }
    }

    @Test("a special byte at any position of a long string is detected")
    func places() {
        for length in 0..<70 {
            for place in 0...length {
                var text = [UInt8](repeating: 0x61, count: length)
                text.insert(0x1F, at: place)
                #expect(
                    fault(of: [0x22] + text + [0x22]) == JSONFault(.controlCharacter, at: 1 + place)
                )
                text[place] = 0x22
                let early = fault(of: [0x22] + text + [0x22])
                #expect(early?.offset == place + 2)
                text[place] = 0x5C
                #expect((fault(of: [0x22] + text + [0x22])?.offset ?? -1) > place)
            }
        }
    }

    @Test("members and elements are visited in order with their ranges")
    func visiting() {
        let text = Array(#"{"a":1,"b\n":"x\"y","c":[true,{"d":null}],"e":{}}"#.utf8)
        var seen: [String] = []
        text.withUnsafeBytes { raw in
            try? JSONScanner.members(of: raw, limits: .event) { key, value throws(JSONFault) in
                seen.append("\(key.text(in: raw) ?? "?")=\(value.raw(in: raw))")
                guard value.kind == .array else { return }
                try JSONScanner.elements(of: value, in: raw) { element throws(JSONFault) in
                    seen.append("- \(element.raw(in: raw))")
                }
            }
        }
        #expect(
            seen == [
                "a=1", "b\n=\"x\\\"y\"", "c=[true,{\"d\":null}]", "- true", "- {\"d\":null}",
                "e={}",
            ])
    }

    @Test("only an object has top-level members")
    func notAnObject() {
        for text in ["[]", "1", "\"{}\"", "null"] {
            let bytes = Array(text.utf8)
            let found = bytes.withUnsafeBytes { raw -> JSONFault? in
                do throws(JSONFault) {
                    try JSONScanner.members(of: raw, limits: .event) { _, _ throws(JSONFault) in }
                    return nil
                } catch { return error }
            }
            #expect(found == JSONFault(.notAnObject, at: 0))
        }
    }

    @Test("numbers: integers exactly, up to the ends of Int64")
    func integers() {
        func integer(_ text: String) -> Int64? {
            let bytes = Array(text.utf8)
            return bytes.withUnsafeBytes { raw in
                (try? JSONScanner.validate(raw, limits: .event))?.integer(in: raw)
            }
        }
        #expect(integer("9223372036854775807") == .max)
        #expect(integer("-9223372036854775808") == .min)
        #expect(integer("9223372036854775808") == nil)
        #expect(integer("-9223372036854775809") == nil)
        #expect(integer("1e3") == 1000)
        #expect(integer("1.0") == 1)
        #expect(integer("1.5") == nil)
        #expect(integer("-0") == 0)
        #expect(integer("\"1\"") == nil)
    }

    @Test("a string equals a word, also when written with escapes")
    func equals() throws {
        for (text, expected) in [
            (#""event""#, true), (#""\u0065vent""#, true), (#""Event""#, false),
            (#""events""#, false), (#""even""#, false), ("1", false),
        ] {
            let bytes = Array(text.utf8)
            let found = bytes.withUnsafeBytes { raw in
                (try? JSONScanner.validate(raw, limits: .event))?.equals("event", in: raw)
            }
            #expect(found == expected, "\(text)")
        }
    }
}
