import Secrets

/// Writes block YAML that `Settings.parse` reads back: two spaces a level,
/// lists of plain words in one line, texts quoted where they need it.
struct YAMLWriter {
    private(set) var text = ""
    private var depth = 0
    /// The next line opens a list's element.
    private var opensElement = false

    mutating func entry(_ key: String, _ value: String) {
        line("\(Self.scalar(key)): \(Self.scalar(value))")
    }

    /// A value that needs no quotes.
    mutating func entry(_ key: String, bare value: String) {
        line("\(Self.scalar(key)): \(value)")
    }

    mutating func entry(_ key: String, _ values: [String]) {
        line("\(Self.scalar(key)): [\(values.map(Self.scalar).joined(separator: ", "))]")
    }

    mutating func entry(_ key: String, _ pairs: [String: String]) {
        let inner = pairs.sorted { $0.key < $1.key }
            .map { "\(Self.scalar($0.key)): \(Self.scalar($0.value))" }
        line("\(Self.scalar(key)): {\(inner.joined(separator: ", "))}")
    }

    /// An address, without the secrets in it.
    mutating func entry(_ key: String, url: String) { entry(key, ShownText.url(url)) }

    /// A command: arguments are often passwords, so that only their number is shown.
    mutating func entry(_ key: String, command: [String]) {
        entry(key, ShownText.command(command))
    }

    mutating func entry(_ key: String, _ flag: Bool) { entry(key, bare: flag ? "true" : "false") }
    mutating func entry(_ key: String, _ number: Int) { entry(key, bare: String(number)) }
    mutating func entry(_ key: String, _ number: Double) { entry(key, bare: number.description) }
    mutating func entry(_ key: String, _ duration: Duration) {
        entry(key, bare: DurationText.text(duration))
    }
    mutating func entry(_ key: String, size: Int) { entry(key, bare: SizeText.text(size)) }

    /// `key: …` of what may be shown, or `key_file: path`; nothing when unset.
    mutating func entry(_ key: String, _ secret: Secret) {
        if let path = secret.path {
            entry("\(key)_file", ShownText.file(path))
        } else if secret.isSet {
            entry(key, secret.shown)
        }
    }

    mutating func mapping(_ key: String, _ body: (inout YAMLWriter) -> Void) {
        line("\(Self.scalar(key)):")
        depth += 1
        body(&self)
        depth -= 1
    }

    mutating func list<Element>(
        _ key: String, _ elements: [Element], _ body: (inout YAMLWriter, Element) -> Void
    ) {
        guard !elements.isEmpty else { return line("\(Self.scalar(key)): []") }
        line("\(Self.scalar(key)):")
        depth += 1
        for element in elements {
            depth += 1
            opensElement = true
            body(&self, element)
            depth -= 1
        }
        depth -= 1
    }

    private mutating func line(_ content: String) {
        let indent = String(repeating: "  ", count: opensElement ? depth - 1 : depth)
        text += indent + (opensElement ? "- " : "") + content + "\n"
        opensElement = false
    }

    /// Bare when nothing in it means something to YAML, else in double quotes.
    static func scalar(_ value: String) -> String {
        let isBare =
            value.unicodeScalars.allSatisfy {
                $0.isLetterASCII || $0.isDigit || "_./-".unicodeScalars.contains($0)
            }
            && (value.unicodeScalars.first.map { $0 != "-" && $0 != "." || value.count > 1 }
                ?? false)
            && !["null", "true", "false"].contains(value) && !value.hasPrefix("-")
        if isBare { return value }
        var out = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            default:
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse,
                    .surrogate, .unassigned:
                    let digits = String(scalar.value, radix: 16)
                    out += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
                default: out.unicodeScalars.append(scalar)
                }
            }
        }
        return out + "\""
    }
}
