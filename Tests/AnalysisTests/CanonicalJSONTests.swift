import JSON
import Testing

@testable import Analysis

struct CanonicalJSONTests {
    private func canonical(_ text: String) throws -> String {
        let limits = JSONLimits(maxBytes: 1 << 16, maxDepth: 16)
        return CanonicalJSON.text(try JSONValue(parsing: Array(text.utf8), limits: limits))
    }

    /// RFC 8785 §3.2.2: numbers, literals and strings.
    @Test func rfcExample() throws {
        let source =
            #"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"#
            + #""string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#
        let expected =
            #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
            + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#
        #expect(try canonical(source) == expected)
    }

    /// RFC 8785 §3.2.3: keys sort by UTF-16, where an emoji comes before U+FB33.
    @Test func keysSortByUTF16() throws {
        let keys = ["\u{20AC}", "\r", "\u{FB33}", "1", "\u{1F600}", "\u{80}", "\u{F6}"]
        let members = keys.map { JSONValue.Member($0, .null) }
        let text = CanonicalJSON.text(.object(members))
        let sorted = ["\\r", "1", "\u{80}", "\u{F6}", "\u{20AC}", "\u{1F600}", "\u{FB33}"]
        #expect(text == "{" + sorted.map { "\"\($0)\":null" }.joined(separator: ",") + "}")
    }

    @Test func canonicalTextIsItsOwnCanonicalText() throws {
        let text = try canonical(#" { "b" : [ 1.0 , -0 , "\u007f\u2028" ] , "a" : { } } "#)
        #expect(text == "{\"a\":{},\"b\":[1,0,\"\u{7F}\u{2028}\"]}")
        #expect(try canonical(text) == text)
    }
}
