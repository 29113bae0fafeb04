import Core
import Secrets

/// Writes block YAML that `Settings.parse` can read back.
///
/// Each level is indented by two spaces. A list of texts is written in one line. Texts are quoted
/// where YAML requires it.
struct YAMLWriter {
    private(set) var text = ""
    private var depth = 0
    /// Whether the next line starts a list element.
    private var opensElement = false

    mutating func entry(_ key: String, _ value: String) {
        line("\(Self.scalar(key)): \(Self.scalar(value))")
    }

    /// Writes a value that needs no quotes.
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

    /// Writes an address without the secrets in it.
    mutating func entry(_ key: String, url: String) { entry(key, ShownText.url(url)) }

    /// Writes a command's program and the number of its arguments, which are often passwords.
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

    /// Writes `key: …` with the secret's displayable form, or `key_file: path`; nothing when unset.
    mutating func entry(_ key: String, _ secret: Secret) {
        if let path = secret.path {
            entry("\(key)_file", ShownText.file(path))
        } else if secret.isSet {
            entry(key, secret.shown)
        }
    }

    /// Writes an element of a list that is one text.
    mutating func element(_ value: String) { line(Self.scalar(value)) }

    mutating func mapping(
        _ key: String, empty: Bool = false, _ body: (inout YAMLWriter) -> Void
    ) {
        line("\(Self.scalar(key)):\(empty ? " {}" : "")")
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

    /// Returns the text bare when it has no special meaning in YAML, else in double quotes.
    static func scalar(_ value: String) -> String {
        let isBare =
            value.unicodeScalars.allSatisfy {
                $0.isLetterASCII || $0.isDigit || "_./-".unicodeScalars.contains($0)
            }
            && (value.unicodeScalars.first.map { $0 != "-" && $0 != "." || value.count > 1 }
                ?? false)
            && !["null", "true", "false"].contains(value) && !value.hasPrefix("-")
        return isBare ? value : InertText.yamlString(value)
    }
}
