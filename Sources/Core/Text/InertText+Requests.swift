// What is sent to other programs: headers, queries, commands, file names.
extension InertText {
    /// A header's value (`field-value`, RFC 9110 §5.5) in printable ASCII: a line feed becomes a
    /// space, every other character `?`.
    public static func httpHeader(_ text: String) -> String {
        replaced(text) { (0x20..<0x7F).contains($0.value) ? nil : $0 == "\n" ? " " : "?" }
    }

    /// A value inside a PromQL string between `quote`s ("String literals", Prometheus
    /// documentation). In the string of a regex matcher the metacharacters of RE2 are quoted first,
    /// so that the value matches only itself.
    ///
    /// Nil for a backtick between backticks, where nothing can be escaped.
    public static func promQL(
        _ value: String, quote: Unicode.Scalar, isRegex: Bool = false
    ) -> String? {
        func escaped(_ text: String, _ isSpecial: (Unicode.Scalar) -> Bool) -> String {
            replaced(text) { isSpecial($0) ? "\\\($0)" : nil }
        }
        let metacharacters = "\\.+*?()|[]{}^$".unicodeScalars
        let value = isRegex ? escaped(value) { metacharacters.contains($0) } : value
        if quote == "`" { return value.unicodeScalars.contains("`") ? nil : value }
        return escaped(value) { $0 == "\\" || $0 == quote }
    }

    /// The text as one word for a POSIX shell, in quotes where it needs them (XCU §2.2.2).
    public static func shellWord(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { $0.isAlphanumeric || $0.isOne(of: "-._/:@%+=,") }
        return isPlain ? text : "'" + replaced(text) { $0 == "'" ? #"'\''"# : nil } + "'"
    }

    /// The words as one line for a POSIX shell.
    public static func shellLine(_ words: [String]) -> String {
        words.map(shellWord).joined(separator: " ")
    }

    /// Whether an id is safe as it is in headers, message ids, environment variables and file names:
    /// 1 to 100 letters, digits, `.`, `_` or `-`, the first a letter or digit.
    public static func isIdentifier(_ id: String) -> Bool {
        (1...100).contains(id.utf8.count) && id.utf8.first?.isAlphanumeric == true
            && id.utf8.allSatisfy { $0.isAlphanumeric || $0.isOne(of: "._-") }
    }
}
