import Core

/// Formats names, labels and values for the Prometheus text format.
enum MetricName {
    /// Converts `hb.requestCount` to `hb_request_count`, which the format
    /// (`[a-zA-Z_][a-zA-Z0-9_]*`) and promtool's lint allow.
    static func spelled(_ text: String) -> String {
        // As most names of labels are.
        if !text.isEmpty, text.utf8.allSatisfy({ (0x61...0x7A).contains($0) }) { return text }
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

    /// Converts a library's metric label to a name that promtool accepts for `kind`.
    static func imported(_ label: String, as kind: MetricFamily.Kind, unit: String = "") -> String {
        var name = spelled(label)
        for suffix in ["_total", "_count", "_sum", "_bucket"] where name.hasSuffix(suffix) {
            name.removeLast(suffix.count)
        }
        if name.isEmpty { name = "_" }
        if !unit.isEmpty, !name.hasSuffix(unit) { name += unit }
        return kind == .counter ? name + "_total" : name
    }

    /// Returns `{a="1",b="2"}` sorted by name, or an empty text without labels.
    ///
    /// If a name occurs twice, the last value is used. `le` becomes `exported_le`.
    static func labels(_ labels: [(String, String)]) -> String {
        guard !labels.isEmpty else { return "" }
        var byName: [String: String] = [:]
        for (name, value) in labels {
            let name = spelled(name)
            byName[name == "le" ? "exported_le" : name] = value
        }
        let pairs = byName.sorted { $0.key < $1.key }.map {
            "\($0.key)=\"\(InertText.metricLabel($0.value))\""
        }
        return "{" + pairs.joined(separator: ",") + "}"
    }

    /// Formats a sample's value: whole numbers below 10^15 without a fraction, others as the
    /// shortest text that parses to the same number.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return value.description
    }
}
