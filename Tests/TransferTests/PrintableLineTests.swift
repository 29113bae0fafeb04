import Testing
import Transfer

@Suite("Untrusted text")
struct PrintableLineTests {
    @Test("control, bidi and invisible characters are removed, and the length is bounded")
    func inert() {
        let hostile =
            "a\u{1B}[31mb\r\nc\u{202E}d\u{200B}e\u{2028}f\u{0}g\u{7F}\u{85}h\u{E0001}i\u{FEFF}"
        let line = hostile.printableLine(atMost: 100)
        for scalar in line.unicodeScalars {
            let inert =
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned,
                    .privateUse, .surrogate:
                    false
                default: true
                }
            #expect(inert, "U+\(String(scalar.value, radix: 16))")
        }
        #expect(String(repeating: "é", count: 500).printableLine(atMost: 10) == "ééééééééé…")
        #expect("plain words".printableLine(atMost: 11) == "plain words")
    }
}
