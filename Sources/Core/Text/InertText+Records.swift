// Lines that people read in a terminal and other programs parse: logs, metrics, YAML.
extension InertText {
    // MARK: - Terminals

    /// Text for a terminal: hidden characters (`isHidden`) become `\u{…}`. The text is cut to
    /// `limit` scalars and then ends in `…`.
    public static func terminal(_ text: some StringProtocol, limit: Int = .max) -> String {
        let shown = replaced(text, limit: limit) { isHidden($0) ? "\\u{\(hex($0.value))}" : nil }
        return shown + (text.unicodeScalars.count > limit ? "…" : "")
    }

    /// Text of several lines for a terminal: as `terminal`, but line feeds are kept.
    public static func terminalLines(_ text: some StringProtocol) -> String {
        replaced(text) { $0 != "\n" && isHidden($0) ? "\\u{\(hex($0.value))}" : nil }
    }

    /// Text in double quotes within a message for a terminal, at most 80 scalars of it.
    public static func quoted(_ text: some StringProtocol) -> String {
        "\"" + terminal(text, limit: 80) + "\""
    }

    // MARK: - Logs

    /// Most scalars of a value in a log line. The number of scalars cut off is appended.
    static let longestLogValue = 2048

    /// A value of a log line in logfmt: itself if it needs no quotes, else as `logString`.
    public static func logValue(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && text.utf8.count <= longestLogValue
            && text.utf8.allSatisfy { $0.isAlphanumeric || $0.isOne(of: "_-./:+@%,*()") }
        return isPlain ? text : logString(text)
    }

    /// A value or name of a log line as a JSON string (RFC 8259 §7): hidden characters become
    /// `\u` and four hex digits for each unit of UTF-16.
    public static func logString(_ text: String) -> String {
        "\"" + logText(text) { $0 == "\"" ? "\\\"" : nil } + "\""
    }

    /// A log line's message, which is written without quotes.
    public static func logMessage(_ text: String) -> String { logText(text) { _ in nil } }

    /// A field's name: at most 64 letters, digits, `_`, `-` and `.`; others become `_`.
    public static func logKey(_ text: String) -> String {
        let name = replaced(text, limit: 64) { scalar in
            let byte = UInt8(ascii: scalar.isASCII ? scalar : " ")
            return byte.isAlphanumeric || byte.isOne(of: "_-.") ? nil : "_"
        }
        return name.isEmpty ? "_" : name
    }

    private static func logText(
        _ text: String, _ quote: (Unicode.Scalar) -> String?
    ) -> String {
        let shown = replaced(text, limit: longestLogValue) { scalar in
            switch scalar {
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\r": "\\r"
            case "\t": "\\t"
            case let scalar where isHidden(scalar):
                String(scalar).utf16.map { "\\u" + hex(UInt32($0), digits: 4) }.joined()
            default: quote(scalar)
            }
        }
        let rest = text.unicodeScalars.count - longestLogValue
        return rest > 0 ? "\(shown)… (\(rest) more)" : shown
    }

    // MARK: - Metrics

    /// A label's value in the Prometheus text format 0.0.4, at most 120 scalars of it: `\`, `"` and
    /// line feeds escaped, as the format requires; other hidden characters become U+FFFD.
    public static func metricLabel(_ text: String) -> String {
        let isPlain =
            text.utf8.count <= 120
            && text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F && !$0.isOne(of: "\"\\") }
        if isPlain { return text }
        return replaced(text, limit: 120) { $0 == "\"" ? "\\\"" : metricText($0) }
    }

    /// A metric's help in the same format, where `"` is not escaped.
    public static func metricHelp(_ text: String) -> String { replaced(text, metricText) }

    private static func metricText(_ scalar: Unicode.Scalar) -> String? {
        switch scalar {
        case "\\": "\\\\"
        case "\n": "\\n"
        default: isHidden(scalar) ? "\u{FFFD}" : nil
        }
    }

    // MARK: - CSV

    /// A field of a record (RFC 4180), with an apostrophe before what a spreadsheet would run.
    ///
    /// Line breaks stay, inside quotation marks.
    public static func csvField(_ text: String) -> String {
        let isFormula =
            text.unicodeScalars.first.map { "=+-@\t\r".unicodeScalars.contains($0) } ?? false
        let inert = isFormula && Double(text) == nil ? "'" + text : text
        let special: Set<Unicode.Scalar> = [",", "\"", "\r", "\n"]
        guard inert.unicodeScalars.contains(where: special.contains) else { return inert }
        return "\"" + replaced(inert) { $0 == "\"" ? "\"\"" : nil } + "\""
    }

    // MARK: - YAML

    /// A double-quoted scalar (YAML 1.2.2 §7.3.1).
    public static func yamlString(_ text: String) -> String {
        let inner = replaced(text) { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\t": "\\t"
            default: isHidden(scalar) ? "\\U" + hex(scalar.value, digits: 8) : nil
            }
        }
        return "\"" + inner + "\""
    }
}
