/// Makes untrusted text inert: one function for each place where text is shown or used.
///
/// Every function takes any text. The program that reads the place sees no control sequence, no
/// end of the value and no markup in the result, and people see no text that is hidden or
/// reordered. The places are: lines for people (this file), terminals, logs, metrics and YAML
/// (`InertText+Records.swift`), HTML, Slack and Markdown (`InertText+Markup.swift`), mail
/// (`InertText+Mail.swift`), HTTP headers, PromQL, shells and file names
/// (`InertText+Requests.swift`). `PercentCoding` does it for URLs, and `JSONWriter` for JSON.
public enum InertText {
    // MARK: - The sets of characters

    /// Whether a scalar is invisible, or affects a terminal or the text around it.
    ///
    /// - The general categories Cc, Cf, Zl, Zp, Cs, Co and Cn (Unicode Standard §4.5): controls with
    ///   line breaks and ESC; bidirectional controls (UAX #9 §2, CVE-2021-42574); zero-width, tag and
    ///   other formatting characters; line and paragraph separators; private use; unassigned.
    /// - What else is Default_Ignorable_Code_Point (UAX #44), such as Hangul fillers and the
    ///   variation selectors of U+E0100, which can carry hidden text. U+FE00 to U+FE0F remain
    ///   visible: they choose the form of an emoji.
    static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
            .unassigned:
            return true
        default:
            return scalar.properties.isDefaultIgnorableCodePoint
                && !(0xFE00...0xFE0F).contains(scalar.value)
        }
    }

    /// Whether a scalar that is not hidden has no glyph, so that a name of it looks empty: spaces
    /// (Zs) but U+0020 and U+00A0, the empty Braille pattern, and the object replacement character.
    static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20, 0xA0: false
        case 0x2800, 0xFFFC: true
        default: scalar.properties.generalCategory == .spaceSeparator
        }
    }

    /// Replaces scalars of the first `limit`: `replacement` returns nil for one that stays.
    static func replaced(
        _ text: some StringProtocol, limit: Int = .max,
        _ replacement: (Unicode.Scalar) -> String?
    ) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(limit) {
            if let replacement = replacement(scalar) {
                out.append(contentsOf: replacement.unicodeScalars)
            } else {
                out.append(scalar)
            }
        }
        return String(out)
    }

    /// The scalar's number in hexadecimal, with at least this many digits.
    static func hex(_ value: UInt32, digits: Int = 1, uppercase: Bool = false) -> String {
        let text = String(value, radix: 16, uppercase: uppercase)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    // MARK: - Lines for people

    /// Text of an event as one line of visible characters, for a message.
    ///
    /// Hidden and blank characters become visible marks: `␊` for a line break, `⟨U+202E⟩`. Of a
    /// run of combining marks two are kept; more would cover the lines around. The text is cut to
    /// `limit` scalars.
    public static func visible(_ text: some StringProtocol, limit: Int = 200) -> String {
        visible(String(text), limit: limit)
    }

    /// The same for a whole text. Not generic: other modules call generic code with a lookup for
    /// each byte.
    public static func visible(_ text: String, limit: Int = 200) -> String {
        // Short, printable ASCII stays as it is.
        if text.utf8.count <= limit, isPrintable(text) { return text }
        var out = String.UnicodeScalarView()
        var length = 0
        var marks = 0
        for scalar in text.unicodeScalars {
            guard length < limit else {
                out.append("…")
                break
            }
            let category = scalar.properties.generalCategory
            marks = category == .nonspacingMark || category == .enclosingMark ? marks + 1 : 0
            if marks > 2 { continue }
            if isHidden(scalar) || isBlank(scalar) {
                let mark = visibleMark(scalar)
                out.append(contentsOf: mark.unicodeScalars)
                length += mark.unicodeScalars.count
            } else {
                out.append(scalar)
                length += 1
            }
        }
        return String(out)
    }

    /// Whether the text is printable ASCII, which no function for lines changes.
    private static func isPrintable(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
    }

    /// The control picture (U+2400 to U+2421) of an ASCII control; the number of another scalar.
    private static func visibleMark(_ scalar: Unicode.Scalar) -> String {
        let picture: UInt32? =
            scalar.value < 0x20 ? 0x2400 + scalar.value : scalar.value == 0x7F ? 0x2421 : nil
        if let picture = picture.flatMap(Unicode.Scalar.init) { return String(picture) }
        return "⟨U+\(hex(scalar.value, digits: 4, uppercase: true))⟩"
    }

    /// Another program's words as one line, for an error or a reason.
    ///
    /// Hidden characters and spaces of all kinds become U+0020. Text of more than `limit` scalars is
    /// cut and ends in `…`.
    public static func line(_ text: some StringProtocol, limit: Int) -> String {
        line(String(text), limit: limit)
    }

    /// The same for a whole text.
    public static func line(_ text: String, limit: Int) -> String {
        if text.utf8.count <= limit, isPrintable(text) {
            return text.utf8.first == 0x20 || text.utf8.last == 0x20 ? text.trimmed : text
        }
        return replaced(text.cut(to: limit, .scalars, mark: "…")) { scalar in
            isHidden(scalar) || scalar.properties.generalCategory == .spaceSeparator ? " " : nil
        }.trimmed
    }

    /// Text that is stored: without control characters (Cc).
    public static func withoutControls(_ text: some StringProtocol) -> String {
        replaced(text) { $0.properties.generalCategory == .control ? "" : nil }
    }
}
