import Arguments
import Core
import Events
import Secrets

/// Readers shared by several kinds of probes.
extension MappingReader {
    /// Reads `kind` of a `thing`; nil if it is missing or unknown, which is a fault.
    func kind<Kind: CaseIterable & RawRepresentable<String>>(
        of thing: String, _ kinds: Kind.Type
    ) -> Kind? {
        let names = kinds.allCases.map(\.rawValue)
        let known = "known are " + names.joined(separator: ", ")
        guard let text = text("kind") else {
            lacks("kind is missing", known)
            return nil
        }
        guard let kind = Kind(rawValue: text) else {
            let nearest = Suggestion.nearest(to: text, among: names)
            fault(
                "kind", "\(InertText.quoted(text)) is not a kind of \(thing)",
                (nearest.map { "did you mean \($0)? " } ?? "") + known)
            return nil
        }
        return kind
    }

    func requiredAddress() -> String {
        declare("address", "host:port")
        let address = hostPort("address", plain("address", ""))
        if address.isEmpty, !has("address") {
            lacks("address is missing", "write address: host:port")
        }
        return address
    }

    /// Reads an executable and its arguments.
    ///
    /// - Parameter remedy: The remedy to report when the command is missing.
    func command(_ remedy: String) -> [String] {
        let command = texts("command")
        if command.isEmpty, !context.hasFault(within: path("command")) {
            lacks("command is missing", remedy)
        } else if let program = command.first {
            if program.hasPrefix("/") {
                checkFile(program, at: path("command[0]"))
            } else {
                fault("command[0]", "not an absolute path", "begin it with /")
            }
        }
        for (index, argument) in command.enumerated() where argument.contains("${env:") {
            fault(
                "command[\(index)]", "variables are not expanded in an argument",
                "every user of the machine sees arguments: let the program read it elsewhere")
        }
        return command
    }

    /// Reads a JSON pointer; nil when absent.
    func pointer(_ key: String) -> String? {
        declare(key, "JSON pointer")
        guard has(key) else { return nil }
        let pointer = plain(key, "")
        if !pointer.isEmpty { checkPointer(pointer, at: key) }
        return pointer
    }

    /// Reports a fault unless the text is a JSON pointer without arguments.
    ///
    /// - Parameter atKey: Whether the text is a key of the mapping.
    func checkPointer(_ pointer: String, at key: String, atKey: Bool = false) {
        guard pointer.hasPrefix("/") else {
            return fault(
                key, "\(InertText.quoted(pointer)) is not a JSON pointer",
                "begin with a slash, like /queue/depth", atKey: atKey)
        }
        guard let name = Self.argument(in: pointer) else { return }
        fault(
            key,
            "a JSON pointer takes no arguments: \(InertText.quoted("$" + name)) would stand for itself",
            "let the address, the path or the command name the rollout, so that its document has the value at a fixed place",
            atKey: atKey)
    }

    /// The first `$name` or `${name}` of a text that is or resembles an argument.
    ///
    /// Other names with a dollar, such as `$schema`, are keys that documents have.
    private static func argument(in text: String) -> String? {
        let known = MeasurementArgument.allCases.map(\.rawValue)
        return text.matches(of: /\$\{?([A-Za-z_][A-Za-z0-9_]*)/).map { String($0.output.1) }
            .first { known.contains($0) || Suggestion.nearest(to: $0, among: known) != nil }
    }

    /// Reports a fault unless `name`, a key of the mapping at `key`, is a valid signal name.
    func checkSignal(_ key: String, _ name: String) {
        guard !Settings.isSignalName(name) else { return }
        fault(
            "\(key).\(name)", "\(InertText.quoted(name)) is not a signal's name",
            "write object.field, like gateway.queue_depth", atKey: true)
    }

    /// Reads a mapping of signal names to JSON pointers.
    func fields() -> [String: String] {
        let fields = pairs("fields")
        for (name, pointer) in fields {
            checkSignal("fields", name)
            checkPointer(pointer, at: "fields.\(name)")
        }
        return fields
    }

    func metricName(_ key: String, _ standard: String) -> String {
        let name = plain(key, standard)
        let isName =
            !name.isEmpty && !(name.unicodeScalars.first?.isDigit ?? true)
            && name.unicodeScalars.allSatisfy {
                $0.isLetterASCII || $0.isDigit || "_:".unicodeScalars.contains($0)
            }
        if !isName {
            fault(
                key, "\(InertText.quoted(name)) is not a metric's name", "write it without labels")
        }
        return name
    }

    func labelName(_ key: String, _ standard: String) -> String {
        let name = plain(key, standard)
        checkLabelName(name, at: key)
        return name
    }

    func checkLabelName(_ name: String, at key: String, atKey: Bool = false) {
        let isName =
            !name.isEmpty && !(name.unicodeScalars.first?.isDigit ?? true)
            && name.unicodeScalars.allSatisfy { $0.isLetterASCII || $0.isDigit || $0 == "_" }
        if !isName {
            fault(
                key, "\(InertText.quoted(name)) is not a label's name", "use letters, digits and _",
                atKey: atKey)
        }
    }

    /// Reads the value of a header or of a variable. A fault if the name suggests a credential and
    /// the value is inline.
    ///
    /// - Parameter takesArguments: Whether a value that is no secret may contain `$rollout` and the
    ///   others, as in a probe.
    func named(_ name: String, takesArguments: Bool) -> Secret {
        guard let text = text(name), !text.isEmpty else { return .unset }
        let isSecret = ["authorization", "cookie", "token", "key", "secret", "passw"].contains {
            name.lowercased().contains($0)
        }
        if text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            fault(name, "holds a control character", "write one line")
        }
        if text.contains(takesArguments ? "${env:" : "${") {
            let rest = text.replacing(#/\$\{env:[^}]*\}/#, with: "")
            if takesArguments, let parsed = try? ArgumentText(rest), !parsed.arguments.isEmpty {
                fault(
                    name, "an argument beside a variable", "write one of the two, or two headers")
            }
            guard let value = expand(text, at: path(name)) else { return .unset }
            return .expanded(text, value: value)
        }
        if isSecret, !context.allowsInlineSecrets {
            fault(
                name, "a secret written into the configuration",
                "write ${env:NAME} in its place")
        }
        if takesArguments, !isSecret { checkArguments(text, at: name) }
        return isSecret ? .value(text) : .visible(text)
    }
}
