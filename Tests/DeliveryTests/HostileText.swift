enum HostileText {
    /// Text that means something to some program on the way.
    static let all: [String] = [
        "a\r\nBcc: evil@example.com", "a\nX-Evil: 1", "a\rb", "nul\0l", "\u{1B}[31mred",
        "bidi\u{202E}txet", "zero\u{200B}width\u{FEFF}", "tag\u{E0041}\u{E0001}",
        "line\u{2028}sep\u{2029}para", "\u{85}next", "=?UTF-8?B?ZXZpbA==?=", "=?UTF-8?Q?x?=\r\n .",
        "\r\n.\r\nMAIL FROM:<evil@x>", ".", "..", "--boundary--", "<script>alert(1)</script>",
        "<!channel> <@U1> <https://evil|here>", "\"quoted\" \\ back", "a,b;c:d<e>",
        String(repeating: "x", count: 5000), String(repeating: "é", count: 2000),
        "\u{FFFE}\u{10FFFF}\u{E000}", " leading", "trailing ", "", "\u{7F}\u{9B}31m",
    ]
}
