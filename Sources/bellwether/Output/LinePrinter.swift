import Events
import JSON

/// Prints stored lines: unchanged, as selected fields, or as one readable line each.
struct LinePrinter {
    private let paths: [[String]]
    private let asStored: Bool

    /// - Parameter fields: Comma-separated dotted paths; nil for the default view.
    init(fields: String?, asStored: Bool) {
        paths =
            fields?.split(separator: ",").map {
                $0.split(separator: ".").map(String.init)
            } ?? []
        self.asStored = asStored
    }

    /// Prints a line of the log. Prints nothing and returns false when it is not a JSON
    /// object, which no node stores.
    @discardableResult
    func show(_ line: [UInt8]) -> Bool {
        guard let tree = try? JSONValue(parsing: line, limits: .event), case .object = tree else {
            return false
        }
        if asStored, paths.isEmpty {
            Standard.write(line + [UInt8(ascii: "\n")])
        } else {
            Standard.line(paths.isEmpty ? Self.usual(tree) : chosen(tree))
        }
        return true
    }

    /// Prints lines; returns how many of them were not JSON objects.
    func show(_ lines: some Sequence<[UInt8]>) -> Int {
        lines.reduce(0) { show($1) ? $0 : $0 + 1 }
    }

    private func chosen(_ tree: JSONValue) -> String {
        let values = paths.map { path in
            path.reduce(Optional(tree)) { value, key in value?[key] }
        }
        if asStored {
            var writer = JSONWriter()
            writer.object { w in
                for (path, value) in zip(paths, values) {
                    w.member(path.joined(separator: "."), value ?? .null)
                }
            }
            return writer.text
        }
        return values.map { value in
            switch value {
            case .string(let text)?: TerminalText.inert(text)
            case nil, .null?: "–"
            case .some(let other):
                {
                    var writer = JSONWriter()
                    writer.value(other)
                    return TerminalText.inert(writer.text)
                }()
            }
        }.joined(separator: "\t")
    }

    private static func usual(_ tree: JSONValue) -> String {
        let text = { (key: String) in tree[key]?.string ?? "" }
        var parts = [text("ts"), text("level"), text("event")]
        if !text("rollout").isEmpty {
            parts.append("\(text("namespace"))/\(text("rollout"))")
        }
        if let attempt = tree["attempt"]?.integer { parts.append("#\(attempt)") }
        if !text("az").isEmpty || !text("node").isEmpty {
            parts.append("\(text("node"))@\(text("az"))")
        }
        if !text("message").isEmpty { parts.append(text("message")) }
        return TerminalText.inert(parts.joined(separator: "  "))
    }
}
