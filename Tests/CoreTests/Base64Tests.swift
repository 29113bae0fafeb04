import Core
import Testing

@Suite("Base64")
struct Base64Tests {
    @Test("the standard alphabet matches RFC 4648 §10 in both directions")
    func vectors() {
        let vectors = [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
        ]
        for (plain, encoded) in vectors {
            #expect(Base64.encode(Array(plain.utf8)) == encoded)
            #expect(Base64.decode(encoded) == Array(plain.utf8))
            let unpadded = String(encoded.prefix { $0 != "=" })
            #expect(Base64.encodeURL(Array(plain.utf8)) == unpadded)
            #expect(Base64.decode(unpadded) == Array(plain.utf8))
        }
    }

    @Test("the URL alphabet decodes to the bytes that it encodes, of every length")
    func urlAlphabet() {
        for count in 0..<40 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ 7) }
            #expect(Base64.decodeURL(Base64.encodeURL(bytes)) == bytes)
        }
        #expect(Base64.encodeURL([0xFB, 0xFF]) == "-_8")
        #expect(Base64.decodeURL("+/-_") == Base64.decodeURL("-_+/"))
    }

    @Test(
        "text that is not base64 is refused",
        arguments: ["A", "AB=C", "AQ=C", "A===", "AA\n", "AB", "Zm9vYmF", "Zg===", "Z g=", "é"])
    func malformed(text: String) {
        #expect(Base64.decode(text) == nil)
        #expect(Base64.decodeURL(text) == nil)
    }

    @Test("the standard decoder refuses the URL alphabet")
    func standardOnly() { #expect(Base64.decode("a-b_") == nil) }
}
