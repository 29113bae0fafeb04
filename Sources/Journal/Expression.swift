import JSONScan

/// A condition on lines: `field=value`, `!=`, `>`, `<`, `~substring`, joined by
/// spaces, all of which must hold.
///
/// - A field is a dotted path: `status`, `deltas.metric`. At an array the rest of
///   the path is tried on every element, or on one when the part is a number;
///   a term holds when any of them fits.
/// - `=` compares numbers as numbers and everything else as text; `!=` is its
///   opposite and holds for lines without the field.
/// - `>` and `<` compare numbers when both sides are, else text by its bytes,
///   which orders RFC 3339 times in UTC.
/// - `~` looks for the text anywhere in a string, or in the JSON of anything else.
/// - A value with spaces or quotes is written as a JSON string: `message~"too few"`.
public struct Expression: Sendable, Equatable {
    public enum Operator: String, Sendable, CaseIterable {
        case equal = "="
        case notEqual = "!="
        case greater = ">"
        case less = "<"
        case contains = "~"
    }

    public struct Term: Sendable, Equatable {
        public let path: [String]
        public let comparison: Operator
        public let value: String
        /// The value as a number; nil when it isn't one.
        let number: Double?

        init(path: [String], comparison: Operator, value: String) {
            self.path = path
            self.comparison = comparison
            self.value = value
            number = Double(value)
        }

        var field: String { path.joined(separator: ".") }
    }

    /// All must hold; none holds for every line.
    public let terms: [Term]

    init(terms: [Term]) { self.terms = terms }

    /// Holds for every line.
    public static let all = Expression(terms: [])

    /// Whether all terms hold for a line of the log (validated when it came in;
    /// a line that isn't JSON matches nothing but `all`).
    public func matches(_ line: UnsafeRawBufferPointer) -> Bool {
        if terms.isEmpty { return true }
        guard let root = try? JSONScanner.validate(line, limits: .event), root.kind == .object
        else { return false }
        return terms.allSatisfy { $0.matches(root, in: line) }
    }

    public func matches(_ line: [UInt8]) -> Bool { line.withUnsafeBytes { matches($0) } }
}

extension Expression.Term {
    func matches(_ root: JSONScanner.Slice, in line: UnsafeRawBufferPointer) -> Bool {
        let wanted: Expression.Operator = comparison == .notEqual ? .equal : comparison
        var found = false
        Path.visit(path[...], of: root, in: line) { value in
            if !found { found = holds(wanted, value, in: line) }
        }
        return comparison == .notEqual ? !found : found
    }

    private func holds(
        _ comparison: Expression.Operator, _ slice: JSONScanner.Slice,
        in line: UnsafeRawBufferPointer
    ) -> Bool {
        let text = slice.text(in: line) ?? slice.raw(in: line)
        switch comparison {
        case .equal, .notEqual:
            if slice.kind == .number, let number { return slice.number(in: line) == number }
            return text == value
        case .contains: return text.utf8Contains(value)
        case .greater, .less:
            if slice.kind == .null { return false }
            if let number, let found = slice.number(in: line) ?? Double(text) {
                return comparison == .greater ? found > number : found < number
            }
            if slice.kind == .number || slice.kind == .object || slice.kind == .array {
                return false
            }
            let ascending = text.utf8.lexicographicallyPrecedes(value.utf8)
            return comparison == .less ? ascending : !ascending && text != value
        }
    }
}

extension String {
    fileprivate func utf8Contains(_ needle: String) -> Bool {
        if needle.isEmpty { return true }
        let (hay, wanted) = (Array(utf8), Array(needle.utf8))
        guard hay.count >= wanted.count else { return false }
        return (0...(hay.count - wanted.count)).contains { start in
            hay[start] == wanted[0] && hay[start..<(start + wanted.count)].elementsEqual(wanted)
        }
    }
}

/// Follows a dotted path through a line.
enum Path {
    /// Calls `body` for every value that the path names.
    static func visit(
        _ path: ArraySlice<String>, of slice: JSONScanner.Slice,
        in line: UnsafeRawBufferPointer, _ body: (JSONScanner.Slice) -> Void
    ) {
        guard let part = path.first else {
            body(slice)
            return
        }
        // The line was validated as a whole: the scans can't fail.
        switch slice.kind {
        case .object:
            try? JSONScanner.members(of: slice, in: line) { key, value throws(JSONFault) in
                if key.text(in: line) == part {
                    visit(path.dropFirst(), of: value, in: line, body)
                } else if path.count > 1, key.text(in: line) == path.joined(separator: ".") {
                    // A key that has dots in itself.
                    body(value)
                }
            }
        case .array:
            var place = 0
            let wanted = Int(part)
            try? JSONScanner.elements(of: slice, in: line) { element throws(JSONFault) in
                if let wanted {
                    if place == wanted { visit(path.dropFirst(), of: element, in: line, body) }
                } else {
                    visit(path, of: element, in: line, body)
                }
                place += 1
            }
        default: break
        }
    }
}
