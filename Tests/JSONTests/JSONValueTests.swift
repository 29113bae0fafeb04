import JSON
import TestSupport
import Testing

@Suite("The tree")
struct JSONValueTests {
    private func parse(_ text: String) throws -> JSONValue {
        try JSONValue(parsing: Array(text.utf8), limits: .event)
    }

    @Test("keeps the source text of numbers and the order of members")
    func keeps() throws {
        let tree = try parse(#"{"z":1.0,"a":1,"big":12345678901234567890,"t":[true,null,"s"]}"#)
        #expect(
            tree
                == .object([
                    .init("z", .number("1.0")), .init("a", .number("1")),
                    .init("big", .number("12345678901234567890")),
                    .init("t", .array([.bool(true), .null, .string("s")])),
                ]))
        #expect(tree["z"]?.integer == 1)
        #expect(tree["big"]?.integer == nil)
        #expect(tree["big"]?.double == 12_345_678_901_234_567_168)
        #expect(tree["t"]?[0]?.bool == true)
        #expect(tree["t"]?[3] == nil)
        #expect(tree["none"] == nil)
    }

    @Test("escapes are resolved, surrogate pairs joined")
    func escapes() throws {
        #expect(
            try parse(#""\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00\u0000""#)
                == .string("\"\\/\u{8}\u{c}\n\r\tAé€😀\0"))
    }

    @Test(
        "a repeated key in one object is refused, in any spelling",
        arguments: [#"{"a":1,"a":1}"#, #"{"a":1,"\u0061":2}"#, #"[{"x":{"k":1,"l":2,"k":3}}]"#])
    func duplicateKeys(text: String) {
        #expect { try parse(text) } throws: { ($0 as? JSONFault)?.reason == .duplicateKey }
    }

    @Test("JSON Pointer: the examples of RFC 6901 §5")
    func pointer() throws {
        let tree = try parse(
            #"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#
        )
        #expect(tree.resolve(pointer: "") == tree)
        #expect(tree.resolve(pointer: "/foo/0")?.string == "bar")
        let numbers: [(String, Int64)] = [
            ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/e^f", 3), ("/g|h", 4), ("/i\\j", 5),
            ("/k\"l", 6), ("/ ", 7), ("/m~0n", 8),
        ]
        for (pointer, value) in numbers {
            #expect(tree.resolve(pointer: pointer)?.integer == value, "\(pointer)")
        }
        for absent in [
            "foo", "/foo/2", "/foo/01", "/foo/-1", "/foo/-", "/foo/0/x", "/nope", "/foo/+1",
        ] {
            #expect(tree.resolve(pointer: absent) == nil, "\(absent)")
        }
        // "~01" is "~1", not "/".
        #expect(try parse(#"{"~1":9}"#).resolve(pointer: "/~01")?.integer == 9)
    }

    @Test("a tree that is written and parsed again is the same tree")
    func roundTrip() throws {
        var random = SeededRandom(seed: 11)
        for _ in 0..<500 {
            let tree = RandomJSON.tree(depth: 4, &random)
            var writer = JSONWriter()
            writer.value(tree)
            #expect(
                try JSONValue(parsing: writer.bytes, limits: .init(maxBytes: .max, maxDepth: 16))
                    == tree)
        }
    }
}
