/// Spelling of names and labels in the Prometheus text format.
enum MetricName {
    /// Label values are cut to this many Unicode scalars.
    static let longestLabelValue = 120

    /// `hb.requestCount` → `hb_request_count`: what the format's
    /// `[a-zA-Z_][a-zA-Z0-9_]*` and promtool's lint allow.
    static func spelled(_ text: String) -> String {
        var out = ""
        var previousWasLower = false
        for scalar in text.unicodeScalars {
            switch scalar {
            case "a"..."z", "0"..."9":
                out.unicodeScalars.append(scalar)
                previousWasLower = true
            case "A"..."Z":
                if previousWasLower { out += "_" }
                out += String(scalar).lowercased()
                previousWasLower = false
            default:
                if !out.hasSuffix("_") { out += "_" }
                previousWasLower = false
            }
        }
        if let first = out.unicodeScalars.first, "0"..."9" ~= first { out = "_" + out }
        return out.isEmpty ? "_" : out
    }

    /// A foreign library's metric label as a name that promtool accepts for its kind.
    static func imported(_ label: String, as kind: MetricFamily.Kind, unit: String = "") -> String {
        var name = spelled(label)
        for suffix in ["_total", "_count", "_sum", "_bucket"] where name.hasSuffix(suffix) {
            name.removeLast(suffix.count)
        }
        if name.isEmpty { name = "_" }
        if !unit.isEmpty, !name.hasSuffix(unit) { name += unit }
        return kind == .counter ? name + "_total" : name
    }

    /// `{a="1",b="2"}` by name, empty without labels; of two labels of one name the last counts.
    static func labels(_ labels: [(String, String)]) -> String {
        guard !labels.isEmpty else { return "" }
        var byName: [String: String] = [:]
        for (name, value) in labels {
            let name = spelled(name)
            byName[name == "le" ? "exported_le" : name] = value
        }
        let pairs = byName.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(escaped($0.value))\"" }
        return "{" + pairs.joined(separator: ",") + "}"
    }

    /// A label value: `\`, `"` and line feed escaped as the format asks, other
    /// control and formatting characters, which it would let through, replaced.
    private static func escaped(_ value: String) -> String {
        var out = ""
        for scalar in value.unicodeScalars.prefix(longestLabelValue) {
            switch scalar {
            case "\\": out += "\\\\"
            case "\"": out += "\\\""
            case "\n": out += "\\n"
            case let hidden where hidden.isHidden: out += "\u{FFFD}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    static func help(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case let hidden where hidden.isHidden: out += "\u{FFFD}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// A sample's value: whole numbers without a fraction, else the shortest
    /// text that reads back as the same number.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return value.description
    }
}
