enum HostileText {
    /// Text that has a special meaning to some program on the way.
    static let all: [String] = phrases + scalars

    /// Every control character, every reordering or invisible character, and every character with a
    /// meaning in a markup, shell or protocol, each in a text of its own.
    private static let scalars: [String] = {
        let ranges: [ClosedRange<UInt32>] = [
            0x00...0x1F, 0x7F...0x9F, 0xAD...0xAD, 0x61C...0x61C, 0x180E...0x180E,
            0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2064, 0x2066...0x206F, 0xFEFF...0xFEFF,
            0xFFF9...0xFFFB, 0xE0001...0xE0001, 0xE0020...0xE007F,
        ]
        let hidden = ranges.joined().compactMap(Unicode.Scalar.init).map { "a\($0)b" }
        return hidden + "<>&\"'`*_~@#!|\\/%$;:{}[]()=.,-+?^".map { "a\($0)b" }
    }()

    private static let phrases: [String] = [
        "a\r\nBcc: evil@example.com", "a\nX-Evil: 1", "a\rb", "nul\0l", "\u{1B}[31mred",
        "bidi\u{202E}txet", "zero\u{200B}width\u{FEFF}", "tag\u{E0041}\u{E0001}",
        "line\u{2028}sep\u{2029}para", "\u{85}next", "=?UTF-8?B?ZXZpbA==?=", "=?UTF-8?Q?x?=\r\n .",
        "\r\n.\r\nMAIL FROM:<evil@x>", ".", "..", "--boundary--", "<script>alert(1)</script>",
        "<!channel> <@U1> <https://evil|here>", "\"quoted\" \\ back", "a,b;c:d<e>",
        String(repeating: "x", count: 5000), String(repeating: "é", count: 2000),
        "\u{FFFE}\u{10FFFF}\u{E000}", " leading", "trailing ", "", "\u{7F}\u{9B}31m",
    ]
}
