/// Text from events as one line of visible characters, before it is escaped for a markup.
///
/// Control characters, line and paragraph separators, bidirectional controls, invisible and tag
/// characters are replaced by visible marks, so that no text is hidden, reordered or split over
/// lines. Runs of combining marks are cut to two, and the text is cut to `limit` scalars.
struct InertText: Hashable, CustomStringConvertible {
    let description: String

    init(_ source: some StringProtocol, limit: Int = 200) {
        // Fast path for short, printable ASCII.
        let utf8 = source.utf8
        if utf8.count <= limit, utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) {
            description = String(source)
            return
        }
        var out = String.UnicodeScalarView()
        var length = 0
        var marks = 0
        for scalar in source.unicodeScalars {
            guard length < limit else {
                out.append("…")
                break
            }
            if scalar.properties.generalCategory == .nonspacingMark
                || scalar.properties.generalCategory == .enclosingMark
            {
                marks += 1
                // Letters of any script need at most two; more would cover the lines around.
                if marks > 2 { continue }
            } else {
                marks = 0
            }
            if let sign = Self.visible(scalar) {
                out.append(contentsOf: sign.unicodeScalars)
                length += sign.unicodeScalars.count
            } else {
                out.append(scalar)
                length += 1
            }
        }
        description = String(out)
    }

    var isEmpty: Bool { description.isEmpty }

    /// Returns the replacement for a scalar that must not be shown; nil when it may be shown.
    private static func visible(_ scalar: Unicode.Scalar) -> String? {
        switch scalar.value {
        case 0..<0x20: return Unicode.Scalar(0x2400 + scalar.value).map { String($0) }
        case 0x7F: return "\u{2421}"
        case 0xFE00...0xFE0F: return nil
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
            .unassigned:
            return named(scalar)
        case .spaceSeparator:
            return scalar == " " || scalar == "\u{A0}" ? nil : named(scalar)
        default:
            // Characters without a visible glyph, which would look like an empty name.
            let blank: Set<UInt32> = [0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800, 0x034F, 0xFFFC]
            return blank.contains(scalar.value) ? named(scalar) : nil
        }
    }

    private static func named(_ scalar: Unicode.Scalar) -> String {
        let hex = String(scalar.value, radix: 16, uppercase: true)
        return "⟨U+\(String(repeating: "0", count: max(0, 4 - hex.count)))\(hex)⟩"
    }
}
