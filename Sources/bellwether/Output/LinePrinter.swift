import Core
import Events
import JSON

/// Prints stored lines: unchanged, as selected fields, or as one readable line each.
struct LinePrinter {
    private let paths: [(name: String, path: FieldPath)]
    private let asStored: Bool

    /// - Parameter paths: Dotted paths; nil for the default view.
    init(paths: [String]?, asStored: Bool) {
        self.paths = (paths ?? []).map { ($0, FieldPath($0)) }
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
            Standard.line(paths.isEmpty ? Self.usual(tree) : chosen(line))
        }
        return true
    }

    /// Whether a line of the log is a JSON object, as every line that a node stores.
    static func isEvent(_ line: [UInt8]) -> Bool {
        line.withUnsafeBytes {
            (try? JSONScanner.validate($0, limits: .event))?.kind == .object
        }
    }

    /// Prints lines; returns how many of them were not JSON objects.
    func show(_ lines: some Sequence<[UInt8]>) -> Int {
        lines.reduce(0) { show($1) ? $0 : $0 + 1 }
    }

    /// The selected fields. A path through a list gives the value of each element.
    private func chosen(_ line: [UInt8]) -> String {
        let values = paths.map { self.values(of: $0.path, in: line) }
        if asStored {
            var writer = JSONWriter()
            writer.object { w in
                for (path, values) in zip(paths, values) {
                    let list = JSONValue.array(values)
                    w.member(path.name, values.count > 1 ? list : values.first ?? .null)
                }
            }
            return writer.text
        }
        return values.map { values in
            values.isEmpty ? "–" : values.map(Self.text).joined(separator: ",")
        }.joined(separator: "\t")
    }

    /// The selected fields of a line, one text for each path; empty where it has none.
    func cells(of line: [UInt8]) -> [String] {
        paths.map { path in
            values(of: path.path, in: line).map { value in
                value == .null ? "" : Self.text(value)
            }.joined(separator: ",")
        }
    }

    private func values(of path: FieldPath, in line: [UInt8]) -> [JSONValue] {
        line.withUnsafeBytes { bytes in
            guard let root = try? JSONScanner.validate(bytes, limits: .event) else { return [] }
            var values: [JSONValue] = []
            path.visit(root, in: bytes) { value in
                if let value = try? JSONValue(of: value, in: bytes) { values.append(value) }
            }
            return values
        }
    }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): return InertText.terminal(text)
        case .null: return "–"
        default:
            var writer = JSONWriter()
            writer.value(value)
            return InertText.terminal(writer.text)
        }
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
        return InertText.terminal(parts.joined(separator: "  "))
    }
}
