/// Makes text from events safe to show anywhere, before any markup is thought of.
///
/// Control characters, line and paragraph separators, bidirectional controls,
/// invisible and tag characters become visible marks, so that nothing hides,
/// reorders or breaks a line; long runs of combining marks are cut; the whole
/// is cut to a length. What remains is one line of ordinary characters.
struct InertText: Hashable, CustomStringConvertible {
    let description: String

    init(_ source: some StringProtocol, limit: Int = 200) {
        // Most text is short and plain.
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
                // Two are enough for any script's letters; more hide the lines around.
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

    /// What stands for a scalar that may not be shown as it is; nil when it may.
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
            // Letters that draw nothing, and look like an empty name.
            let blank: Set<UInt32> = [0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800, 0x034F, 0xFFFC]
            return blank.contains(scalar.value) ? named(scalar) : nil
        }
    }

    private static func named(_ scalar: Unicode.Scalar) -> String {
        let hex = String(scalar.value, radix: 16, uppercase: true)
        return "⟨U+\(String(repeating: "0", count: max(0, 4 - hex.count)))\(hex)⟩"
    }
}
