import Core
import Foundation
import Testing

@Suite("Inert text")
struct InertTextTests {
    /// All characters that no place may show: from the Unicode Character Database 16.0
    /// (DerivedGeneralCategory.txt: Cc, Cf, Zl, Zp; DerivedCoreProperties.txt:
    /// Default_Ignorable_Code_Point without U+FE00 to U+FE0F), and samples of Co and Cn.
    static let hidden: [Unicode.Scalar] = {
        let ranges: [ClosedRange<UInt32>] = [
            // Cc
            0x00...0x1F, 0x7F...0x9F,
            // Cf
            0xAD...0xAD, 0x600...0x605, 0x61C...0x61C, 0x6DD...0x6DD, 0x70F...0x70F,
            0x890...0x891, 0x8E2...0x8E2, 0x180E...0x180E, 0x200B...0x200F, 0x202A...0x202E,
            0x2060...0x2064, 0x2066...0x206F, 0xFEFF...0xFEFF, 0xFFF9...0xFFFB,
            0x110BD...0x110BD, 0x110CD...0x110CD, 0x13430...0x1343F, 0x1BCA0...0x1BCA3,
            0x1D173...0x1D17A, 0xE0001...0xE0001, 0xE0020...0xE007F,
            // Zl, Zp
            0x2028...0x2029,
            // Default_Ignorable_Code_Point
            0x34F...0x34F, 0x115F...0x1160, 0x17B4...0x17B5, 0x180B...0x180F, 0x2065...0x2065,
            0x3164...0x3164, 0xFFA0...0xFFA0, 0xFFF0...0xFFF8, 0xE0000...0xE01F0,
            0xE0FF0...0xE0FFF,
            // Co, Cn
            0xE000...0xE010, 0xF8FF...0xF8FF, 0x10FFFD...0x10FFFF, 0x378...0x379, 0xFFFF...0xFFFF,
        ]
        return Set(ranges.flatMap { $0 }).sorted().compactMap(Unicode.Scalar.init)
    }()

    /// A place, what it makes of a text, and which hidden characters it keeps.
    struct Sink: Sendable, CustomTestStringConvertible {
        let name: String
        var kept: Set<Unicode.Scalar> = []
        var keepsPrivateUse = false
        let text: @Sendable (String) -> String
        var testDescription: String { name }
    }

    static let sinks = [
        Sink(name: "visible") { InertText.visible($0) },
        Sink(name: "line") { InertText.line($0, limit: 200) },
        Sink(name: "terminal") { InertText.terminal($0) },
        Sink(name: "terminalLines", kept: ["\n"]) { InertText.terminalLines($0) },
        Sink(name: "quoted") { InertText.quoted($0) },
        Sink(name: "logValue") { InertText.logValue($0) },
        Sink(name: "logString") { InertText.logString($0) },
        Sink(name: "logMessage") { InertText.logMessage($0) },
        Sink(name: "logKey") { InertText.logKey($0) },
        Sink(name: "metricLabel") { InertText.metricLabel($0) },
        Sink(name: "metricHelp") { InertText.metricHelp($0) },
        Sink(name: "yamlString") { InertText.yamlString($0) },
        Sink(name: "html", kept: ["\n", "\t"], keepsPrivateUse: true) { InertText.html($0) },
        Sink(name: "slack", kept: ["\n", "\t"], keepsPrivateUse: true) { InertText.slack($0) },
        Sink(name: "markdown", kept: ["\n", "\t"], keepsPrivateUse: true) {
            InertText.markdown($0)
        },
        Sink(name: "mailHeader") { InertText.mailHeader($0).joined(separator: " ") },
        Sink(name: "mailName") { InertText.mailName($0).joined(separator: " ") },
        Sink(name: "httpHeader") { InertText.httpHeader($0) },
        Sink(name: "PercentCoding") { PercentCoding.encode($0) },
    ]

    @Test("no hidden character reaches a place, alone or between others", arguments: sinks)
    func sink(_ sink: Sink) {
        for scalar in Self.hidden {
            let isKept =
                sink.kept.contains(scalar)
                || sink.keepsPrivateUse && scalar.properties.generalCategory == .privateUse
            let name = "U+\(String(scalar.value, radix: 16))"
            for text in [String(scalar), "a\(scalar)b", "é\(scalar)\(scalar)é"] {
                let shown = sink.text(text).unicodeScalars
                if isKept {
                    #expect(shown.contains(scalar), "\(name) in \(sink.name)")
                } else if shown.contains(scalar) {
                    Issue.record("\(name) reaches \(sink.name)")
                }
            }
        }
    }

    @Test("ordinary text of any script stays as it is", arguments: sinks)
    func ordinary(_ sink: Sink) {
        let ascii: Set = ["logKey", "mailHeader", "mailName", "httpHeader", "PercentCoding"]
        let texts =
            ascii.contains(sink.name)
            ? ["plain-word_1.2"] : ["plain", "日本語", "naïve", "👍🏽", "❤️", "Ελλάδα", "हिन्दी"]
        for text in texts { #expect(sink.text(text).contains(text)) }
    }

    @Test("a line break ends no record", arguments: sinks)
    func lineBreaks(_ sink: Sink) {
        let keepsLines: Set = ["terminalLines", "html", "slack", "markdown"]
        let shown = sink.text("a\r\nb\nc\u{85}d\u{2028}e\u{B}f\u{C}g")
        let lines = shown.split(whereSeparator: \.isNewline).count
        #expect(lines == (keepsLines.contains(sink.name) ? 3 : 1), "\(shown)")
    }

    // MARK: - Lines for people

    @Test(
        "hidden characters become visible marks",
        arguments: [
            ("a\u{202E}b", "a⟨U+202E⟩b"), ("a\r\nb", "a␍␊b"), ("\u{7F}", "␡"),
            ("\u{85}", "⟨U+0085⟩"), ("\u{200B}", "⟨U+200B⟩"), ("\u{E0041}", "⟨U+E0041⟩"),
            ("e\u{301}\u{301}\u{301}\u{301}", "e\u{301}\u{301}"), ("日本", "日本"), ("", ""),
            ("\u{3164}", "⟨U+3164⟩"), ("\u{2003}", "⟨U+2003⟩"), ("\u{2800}", "⟨U+2800⟩"),
            ("\u{FFFC}", "⟨U+FFFC⟩"), ("a\u{A0}b", "a\u{A0}b"),
        ])
    func visible(_ source: String, _ shown: String) {
        #expect(Array(InertText.visible(source).unicodeScalars) == Array(shown.unicodeScalars))
    }

    @Test("visible text is cut by scalars, so that one character cannot be a megabyte")
    func visibleLength() {
        let bomb = "x" + String(repeating: "\u{301}", count: 100_000)
        #expect(InertText.visible(bomb).unicodeScalars.count == 3)
        #expect(InertText.visible(String(repeating: "y", count: 500), limit: 10) == "yyyyyyyyyy…")
    }

    @Test("a line has its hidden characters as spaces, and a bounded length")
    func line() {
        let hostile = "a\u{1B}[31mb\r\nc\u{202E}d\u{200B}e\u{2028}f\u{0}g\u{85}h\u{E0001}i\u{FEFF}"
        #expect(InertText.line(hostile, limit: 100) == "a [31mb  c d e f g h i")
        #expect(
            InertText.line(String(repeating: "é", count: 500), limit: 10) == "ééééééééé…")
        #expect(InertText.line("plain words", limit: 11) == "plain words")
    }

    // MARK: - Records

    @Test("terminals, logs, metrics and YAML write a hidden character in their own form")
    func records() {
        let text = "a\"\\\n\u{1B}\u{E0041}"
        #expect(InertText.terminal(text) == "a\"\\\\u{a}\\u{1b}\\u{e0041}")
        #expect(InertText.terminal("abcdef", limit: 3) == "abc…")
        #expect(InertText.terminalLines(text) == "a\"\\\n\\u{1b}\\u{e0041}")
        #expect(InertText.quoted("x y") == "\"x y\"")
        #expect(InertText.logString(text) == #""a\"\\\n\u001b\udb40\udc41""#)
        #expect(InertText.logMessage(text) == #"a"\\\n\u001b\udb40\udc41"#)
        #expect(InertText.logValue("a/b:1") == "a/b:1" && InertText.logValue("") == "\"\"")
        #expect(InertText.logKey("k\n=é") == "k___" && InertText.logKey("") == "_")
        #expect(InertText.metricLabel(text) == "a\\\"\\\\\\n\u{FFFD}\u{FFFD}")
        #expect(InertText.metricHelp(text) == "a\"\\\\\\n\u{FFFD}\u{FFFD}")
        #expect(InertText.yamlString(text) == #""a\"\\\n\U0000001b\U000e0041""#)
        #expect(InertText.withoutControls("a\u{0}b\u{7F}\u{9B}é\n") == "abé")
    }

    @Test(
        "a field of a table is one field, and nothing that a spreadsheet runs",
        arguments: [
            ("plain", "plain"), ("", ""), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""),
            ("a\r\nb", "\"a\r\nb\""), ("=1+1", "'=1+1"), ("@x,y", "\"'@x,y\""), ("\tx", "'\tx"),
            ("-1.5", "-1.5"), ("+1", "+1"), ("-x", "'-x"),
        ])
    func csv(_ text: String, _ field: String) {
        #expect(InertText.csvField(text) == field)
    }

    @Test("a log's string is JSON that gives the text back, for every hidden character")
    func logIsJSON() throws {
        let text = String(String.UnicodeScalarView(Self.hidden.prefix(2000)))
        let line = try JSONSerialization.jsonObject(
            with: Data(InertText.logString(text).utf8), options: .fragmentsAllowed)
        #expect(line as? String == text)
    }

    // MARK: - Markup

    @Test(
        "Slack",
        arguments: [
            ("<!channel> & @here", "&lt;!channel&gt; &amp; ＠here"), ("5xx_rate", "5xx_rate"),
            ("_x_ a_b _", "＿x＿ a_b ＿"), ("*b* ~s~ `c`", "∗b∗ ∼s∼ ˋcˋ"),
            (":fire: a:b 10:30", "꞉fire: a:b 10:30"), ("::", "::"), (":", ":"),
            ("a\u{202E}b", "a\u{FFFD}b"),
        ])
    func slack(_ text: String, _ escaped: String) {
        #expect(InertText.slack(text) == escaped)
    }

    @Test("HTML in text and attributes")
    func html() {
        #expect(
            InertText.html("<a b=\"c\" d='e'>&")
                == "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;")
    }

    @Test("Markdown: every character that starts markup is escaped")
    func markdown() {
        #expect(InertText.markdown("*a* [b](c) @d `e` <f>") == #"\*a\* \[b\]\(c\) ＠d \`e\` \<f\>"#)
    }

    // MARK: - Requests

    @Test("a mail header is words of ASCII, or encoded words of at most 75 bytes")
    func mail() {
        #expect(InertText.mailHeader("Bellwether: a b") == ["Bellwether:", "a", "b"])
        #expect(InertText.mailHeader("=?x?=") == ["=?UTF-8?B?PT94Pz0=?="])
        for word in InertText.mailHeader(String(repeating: "é😀", count: 100)) {
            #expect(word.utf8.count <= 75 && word.utf8.allSatisfy { (0x21..<0x7F).contains($0) })
        }
        #expect(InertText.mailName("On call") == ["On call"])
        #expect(InertText.mailName("a, \"b\" \\c") == [#""a, \"b\" \\c""#])
        #expect(InertText.mailName("é") == ["=?UTF-8?B?w6k=?="])
        #expect(InertText.mailLine("a\tb\u{7}c\u{85}") == "a\tb\u{FFFD}c\u{FFFD}")
    }

    @Test("PromQL strings: quotes and backslashes, and in a regex all of RE2's metacharacters")
    func promQL() {
        #expect(InertText.promQL(#"a"b\c'"#, quote: "\"") == #"a\"b\\c'"#)
        #expect(InertText.promQL("a'b", quote: "'") == #"a\'b"#)
        #expect(InertText.promQL("a.b|c", quote: "\"", isRegex: true) == #"a\\.b\\|c"#)
        #expect(InertText.promQL("a.b", quote: "`", isRegex: true) == #"a\.b"#)
        #expect(InertText.promQL("a`b", quote: "`") == nil)
    }

    @Test("a shell reads back the words that were written")
    func shell() throws {
        let words = ["plain-1.2/x", "", "a b", "it's", "$HOME `id` \"q\" \\", "*", "é\n\t", "-n"]
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "printf '%s\\0' \(InertText.shellLine(words))"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = try #require(try pipe.fileHandleForReading.readToEnd())
        process.waitUntilExit()
        #expect(String(decoding: output, as: UTF8.self) == words.map { $0 + "\0" }.joined())
        #expect(InertText.shellWord("plain-1.2/x") == "plain-1.2/x")
    }

    @Test("an identifier is a safe file name and header value")
    func identifiers() {
        for good in ["a", "A.b_c-1", String(repeating: "x", count: 100)] {
            #expect(InertText.isIdentifier(good))
        }
        for bad in ["", ".", "..", "-a", "a/b", "a b", "é", String(repeating: "x", count: 101)] {
            #expect(!InertText.isIdentifier(bad))
        }
    }
}
