import Core
import Testing

@Suite("Percent coding")
struct PercentCodingTests {
    @Test("each byte but unreserved ones is encoded, and decoding gives the text back")
    func bytes() {
        let unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
        for value in UInt8(0)...0x7F {
            let text = String(Unicode.Scalar(value))
            let encoded = PercentCoding.encode(text)
            let digits = String(value, radix: 16, uppercase: true)
            #expect(
                encoded
                    == (unreserved.contains(text)
                        ? text : "%" + (digits.count == 1 ? "0" : "") + digits))
            #expect(PercentCoding.decode(encoded) == text)
        }
        #expect(PercentCoding.encode("é😀/") == "%C3%A9%F0%9F%98%80%2F")
        #expect(PercentCoding.encode("a/b c~", keeping: "-._~/") == "a/b%20c~")
        #expect(PercentCoding.encode("..", keeping: "") == "%2E%2E")
    }

    @Test("decoding is strict")
    func strict() {
        #expect(PercentCoding.decode("a%20b+c") == "a b+c")
        #expect(PercentCoding.decode("a+b%2B%c3%A9", plusIsBlank: true) == "a b+é")
        for bad in ["%", "%2", "%2g", "%G0", "%ff", "%c3"] {
            #expect(PercentCoding.decode(bad) == nil, "\(bad)")
        }
    }
}

@Suite("Pieces of text")
struct TextPiecesTests {
    @Test("a text is cut to its limit in each unit, and only scalars split a character")
    func cut() {
        let family = "👨‍👩‍👧"
        #expect("abc".cut(to: 3, .scalars, mark: "…") == "abc")
        #expect("abcd".cut(to: 3, .scalars, mark: "…") == "ab…")
        #expect("ééé".cut(to: 3, .scalars, mark: "…") == "ééé")
        #expect("ééé".cut(to: 4, .utf8) == "éé")
        #expect("ééé".cut(to: 5, .utf8, mark: "…") == "é…")
        #expect("a\(family)".cut(to: 8, .utf16) == "a")
        #expect("a\(family)".cut(to: 9, .utf16) == "a\(family)")
        #expect("a\(family)".cut(to: 3, .scalars) == "a👨\u{200D}")
        #expect("abcd".cut(to: 2, .utf8, mark: "…") == "")
        #expect("".cut(to: 0, .utf8, mark: "…") == "")
    }

    @Test("ASCII classes by value, for every byte")
    func classes() {
        for byte in UInt8.min ... .max {
            let scalar = Unicode.Scalar(byte)
            #expect(byte.isDigit == ("0"..."9").contains(scalar))
            #expect(
                byte.isLetter == (("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)))
            #expect(
                byte.hexValue.map(Int.init) == (byte < 0x80 ? Character(scalar).hexDigitValue : nil)
            )
        }
    }
}
