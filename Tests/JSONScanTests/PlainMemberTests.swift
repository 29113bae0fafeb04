import JSONScan
import Testing

@Suite("Members found by their marks")
struct PlainMemberTests {
    private func plain(_ name: String, in text: String) -> String? {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBytes { raw in
            JSONScanner.plainMember(Array(name.utf8), in: raw).map { slice in
                String(decoding: raw[slice.range], as: UTF8.self)
            }
        }
    }

    /// The first member so called, by the scanner.
    private func scanned(_ name: String, in text: String) throws -> JSONScanner.Slice? {
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBytes { raw in
            var found: JSONScanner.Slice?
            try JSONScanner.members(of: raw, limits: .event) { key, value throws(JSONFault) in
                if found == nil, key.text(in: raw) == name { found = value }
            }
            return found
        }
    }

    @Test("strings after plain members are found")
    func found() {
        let text =
            #"{"v":1,"id":"","ok":true,"none":null,"ts":"2026","m":"é\n","az":"a","n":-1.5e3}"#
        #expect(plain("id", in: text) == #""""#)
        #expect(plain("ts", in: text) == #""2026""#)
        #expect(plain("az", in: text) == #""a""#)
    }

    @Test(
        "what only a scan can tell is left to it",
        arguments: [
            #"{"ts":"a\"b"}"#, #"{"ts":"a\\"}"#, #"{"ts":"\u0041b"}"#, #"{"ts":1}"#,
            #"{"a":{"ts":"no"},"ts":"yes"}"#, #"{"a":["ts","no"],"ts":"yes"}"#,
            #"{ "ts":"yes"}"#, #"{"a": "b","ts":"yes"}"#, #"{"a" :"b","ts":"yes"}"#,
            #"{"a":"b" ,"ts":"yes"}"#, #"{"t\u0073":"yes","ts":"no"}"#, #"{"tss":"no"}"#,
            #"{"a":"\",\"ts\":\"no","b":1}"#, #"{"a":1}"#, "{}", "", "[]", #"{"ts"#, #"{"ts":"#,
            #"{"ts":""#, #"{"a":1"#, #"{"a":"b"}"#,
        ])
    func left(text: String) { #expect(plain("ts", in: text) == nil) }

    @Test("what is found is what the scanner finds, whatever the object is like")
    func agrees() throws {
        let keys = ["ts", "id", "t", "tss", #"t\u0073"#, "é", ""]
        let values = [
            #""""#, #""x""#, #""ts""#, #""\",\"ts\":\"z""#, #""a\\""#, #""\\\"""#, #""é\n""#, "1",
            "-0.5e7", "true", "null", "{}", #"{"ts":"in"}"#, "[]", #"["ts",{"ts":"in"}]"#,
        ]
        var random = SystemRandomNumberGenerator()
        var found = 0
        for _ in 0..<20_000 {
            let isSpaced = Bool.random(using: &random)
            let gap = {
                isSpaced && Bool.random(using: &random) ? "\t " : ""
            }
            let members = (0..<Int.random(in: 0...5, using: &random)).map { _ in
                let key = keys.randomElement(using: &random) ?? ""
                let value = values.randomElement(using: &random) ?? ""
                return "\(gap())\"\(key)\"\(gap()):\(gap())\(value)\(gap())"
            }
            let text = "{" + members.joined(separator: ",") + "}"
            guard let ours = plain("ts", in: text) else { continue }
            found += 1
            let slice = try #require(try scanned("ts", in: text))
            let theirs = Array(text.utf8)[slice.range]
            #expect(ours == String(decoding: theirs, as: UTF8.self), "\(text)")
            #expect(!slice.escaped && slice.kind == .string)
        }
        #expect(found > 100)
    }
}
