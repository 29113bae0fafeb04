import JSON

/// A condition on lines: terms such as `field=value`, joined by spaces, all of which must hold.
///
/// - A field is a dotted path: `status`, `deltas.metric`. At an array, the rest of the path is
///   tried on every element. A number selects one element (`deltas.0.value`), and so do parts
///   that match the element's `metric` or `check` (`deltas.canary.5xx_rate.value`). A term holds
///   if any value matches.
/// - `=` compares numbers as numbers and everything else as text; `!=` is its opposite and holds
///   for lines without the field.
/// - `>` and `<` compare numbers if both sides are numbers, else text by its bytes. This orders
///   RFC 3339 times in UTC.
/// - `~` searches for the text anywhere in a string, or in the JSON of any other value.
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
        /// The value as a number; nil if it is not one.
        let number: Double?
        /// The value's UTF-8.
        let bytes: [UInt8]
        let route: Path

        init(path: [String], comparison: Operator, value: String) {
            self.path = path
            self.comparison = comparison
            self.value = value
            number = Double(value)
            bytes = Array(value.utf8)
            route = Path(path)
        }
    }

    /// All terms must hold. An empty list holds for every line.
    public let terms: [Term]

    init(terms: [Term]) { self.terms = terms }

    /// Holds for every line.
    public static let all = Expression(terms: [])

    /// Holds for lines whose top-level member `field` equals `value`.
    public static func equal(_ field: String, _ value: String) -> Expression {
        Expression(terms: [Term(path: [field], comparison: .equal, value: value)])
    }

    /// Whether all terms hold for a line. A line that is not a JSON object matches only `all`.
    public func matches(_ line: UnsafeRawBufferPointer) -> Bool {
        if terms.isEmpty { return true }
        guard let root = try? JSONScanner.validate(line, limits: .event), root.kind == .object
        else { return false }
        return terms.allSatisfy { $0.matches(root, in: line) }
    }

    public func matches(_ line: [UInt8]) -> Bool { line.withUnsafeBytes { matches($0) } }

    /// As `matches(_:)`, for a line that the log holds. Skips validation if all terms name
    /// top-level members.
    func matches(stored line: UnsafeRawBufferPointer) -> Bool {
        guard terms.allSatisfy({ $0.route.only != nil }) else { return matches(line) }
        return terms.allSatisfy { $0.matches(stored: line) }
    }
}

extension Expression.Term {
    func matches(_ root: JSONScanner.Slice, in line: UnsafeRawBufferPointer) -> Bool {
        var found = false
        route.visit(root, in: line) { value in
            if !found { found = holds(sought, value, in: line) }
        }
        return comparison == .notEqual ? !found : found
    }

    fileprivate func matches(stored line: UnsafeRawBufferPointer) -> Bool {
        var found = false
        LineMember.visit(route.first, in: line) { value in
            found = holds(sought, value, in: line)
            return !found
        }
        return comparison == .notEqual ? !found : found
    }

    /// The operator to search with: `!=` is evaluated as the negation of `=`.
    private var sought: Expression.Operator { comparison == .notEqual ? .equal : comparison }

    /// Whether a line matches whose only value of the field is `raw`.
    func accepts(_ raw: [UInt8]) -> Bool {
        let found = raw.withUnsafeBytes { bytes in
            guard let slice = try? JSONScanner.validate(bytes, limits: .event) else { return false }
            return holds(sought, slice, in: bytes)
        }
        return comparison == .notEqual ? !found : found
    }

    /// Whether a line without the field matches.
    var acceptsAbsence: Bool { comparison == .notEqual }

    /// Whether the term holds for any value at `slice` that the path reaches from part `first`
    /// on.
    ///
    /// Not valid for `!=`.
    func holds(
        at slice: JSONScanner.Slice, from first: Int, in line: UnsafeRawBufferPointer
    ) -> Bool {
        var found = false
        route.visit(slice, from: first, in: line) { value in
            if !found { found = holds(comparison, value, in: line) }
        }
        return found
    }

    private func holds(
        _ comparison: Expression.Operator, _ slice: JSONScanner.Slice,
        in line: UnsafeRawBufferPointer
    ) -> Bool {
        switch comparison {
        case .equal, .notEqual:
            if slice.kind == .number, let number { return slice.quickNumber(in: line) == number }
            return slice.withText(in: line) { $0.count == bytes.count && $0.holds(bytes, at: 0) }
        case .contains:
            return bytes.isEmpty || slice.withText(in: line) { $0.first(bytes, from: 0) != nil }
        case .greater, .less:
            if slice.kind == .null { return false }
            if let number,
                let found = slice.quickNumber(in: line)
                    ?? Double(slice.text(in: line) ?? slice.raw(in: line))
            {
                return comparison == .greater ? found > number : found < number
            }
            if slice.kind == .number || slice.kind == .object || slice.kind == .array {
                return false
            }
            return slice.withText(in: line) { text in
                let ascending = text.lexicographicallyPrecedes(bytes)
                let isSame = text.count == bytes.count && text.holds(bytes, at: 0)
                return comparison == .less ? ascending : !ascending && !isSame
            }
        }
    }
}

extension JSONScanner.Slice {
    /// The text of a string, or the JSON of any other value.
    fileprivate func withText<T>(
        in line: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> T
    ) -> T {
        if kind != .string { return body(UnsafeRawBufferPointer(rebasing: line[range])) }
        if escaped { return Array((text(in: line) ?? "").utf8).withUnsafeBytes(body) }
        return body(
            UnsafeRawBufferPointer(rebasing: line[range.dropFirst().dropLast()]))
    }
}
