import JSON
import TestSupport
import Testing

@Suite("The writer")
struct JSONWriterTests {
    @Test("commas and nesting")
    func structure() {
        var writer = JSONWriter()
        writer.object { w in
            w.member("a", 1)
            w.member("b", "x" as String?)
            w.member("c", nil as Double?)
            w.member(array: "d") { w in
                w.value(true)
                w.null()
                w.object { _ in }
                w.array { _ in }
            }
            w.member(object: "e") { w in w.member("f", 0.5 as Double?) }
            w.key("raw")
            w.raw("[1]".utf8)
            w.member("last", false)
        }
        #expect(
            writer.text
                == #"{"a":1,"b":"x","c":null,"d":[true,null,{},[]],"e":{"f":0.5},"raw":[1],"last":false}"#
        )
    }

    @Test("strings: a character is escaped wherever it stands in a long text")
    func places() throws {
        for value in Array(UInt32(0)...0x80) + [0x2027, 0x2028, 0x2029, 0x202A, 0x22E2, 0x1F600] {
            let scalar = try #require(Unicode.Scalar(value))
            var alone = JSONWriter()
            alone.value(String(scalar))
            let written = alone.text.dropFirst().dropLast()
            for place in 0...17 {
                let (before, after) = (
                    String(repeating: "a", count: place), String(repeating: "z", count: 17 - place)
                )
                var writer = JSONWriter()
                writer.value(before + String(scalar) + String(scalar) + after)
                #expect(writer.text == "\"\(before)\(written)\(written)\(after)\"", "U+\(value)")
            }
        }
    }

    @Test("strings: only what must be escaped is escaped")
    func strings() {
        var writer = JSONWriter()
        writer.value("\"\\/\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}é😀\u{2028}\u{2029}\u{2027}")
        #expect(
            writer.text
                == #""\"\\/\b\f\n\r\t\u0000\u001f\u007fé😀\u2028\u2029"# + "\u{2027}\"")
    }

    @Test("no text breaks a line or its string")
    func anyScalar() throws {
        var random = SeededRandom(seed: 5)
        for _ in 0..<2000 {
            let text = RandomJSON.text(&random)
            var writer = JSONWriter()
            writer.value(text)
            #expect(!writer.bytes.contains(0x0A))
            #expect(try JSONValue(parsing: writer.bytes, limits: .event) == .string(text))
        }
    }
}

@Suite("Numbers")
struct JSONNumberTests {
    @Test(
        "RFC 8785, appendix B",
        arguments: [
            (0x0000000000000000, "0"), (0x8000000000000000, "0"), (0x0000000000000001, "5e-324"),
            (0x8000000000000001, "-5e-324"), (0x7fefffffffffffff, "1.7976931348623157e+308"),
            (0xffefffffffffffff, "-1.7976931348623157e+308"),
            (0x4340000000000000, "9007199254740992"),
            (0xc340000000000000, "-9007199254740992"),
            (0x4430000000000000, "295147905179352830000"),
            (0x44b52d02c7e14af5, "9.999999999999997e+22"), (0x44b52d02c7e14af6, "1e+23"),
            (0x44b52d02c7e14af7, "1.0000000000000001e+23"),
            (0x444b1ae4d6e2ef4e, "999999999999999700000"),
            (0x444b1ae4d6e2ef4f, "999999999999999900000"), (0x444b1ae4d6e2ef50, "1e+21"),
            (0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"), (0x3eb0c6f7a0b5ed8d, "0.000001"),
            (0x41b3de4355555553, "333333333.3333332"), (0x41b3de4355555554, "333333333.33333325"),
            (0x41b3de4355555555, "333333333.3333333"), (0x41b3de4355555556, "333333333.3333334"),
            (0x41b3de4355555557, "333333333.33333343"),
            (0xbecbf647612f3696, "-0.0000033333333333333333"),
            (0x43143ff3c1cb0959, "1424953923781206.2"),
        ] as [(UInt64, String)])
    func appendixB(bits: UInt64, text: String) {
        #expect(JSONNumber.text(Double(bitPattern: bits)) == text)
    }

    @Test("a value that is not a number becomes null")
    func notFinite() {
        for number in [Double.nan, .infinity, -.infinity] {
            #expect(JSONNumber.text(number) == "null")
        }
    }

    @Test("every number is read back unchanged, in JSON's grammar")
    func readsBack() {
        var random = SeededRandom(seed: 99)
        for _ in 0..<20_000 {
            let number = Double(bitPattern: random.next())
            guard number.isFinite else { continue }
            let text = JSONNumber.text(number)
            #expect(Double(text) == number)
            #expect(fault(of: text) == nil)
        }
        for whole in stride(from: -1e16, through: 1e16, by: 1.7e12) {
            #expect(Double(JSONNumber.text(whole)) == whole)
        }
    }
}
