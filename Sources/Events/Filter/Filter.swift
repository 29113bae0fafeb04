import JSON

/// A condition on events or digests: `status=unhealthy attempt>3 not (az=a or az=b)`.
///
/// The one language of `--where`, `GET /v1/events?where=`, routes and silences; docs/filters.md
/// describes it. Holds for a line by its bytes, without decoding what it does not name.
public struct Filter: Sendable, Hashable, CustomStringConvertible {
    public enum Node: Sendable, Hashable {
        case term(Term)
        indirect case not(Node)
        case all([Node])
        case any([Node])
    }

    public let root: Node
    /// Whether every term names a top-level member, so that lines need not be validated.
    private let isFlat: Bool

    init(_ root: Node) {
        self.root = root
        isFlat = root.terms.allSatisfy { $0.path.count == 1 }
    }

    /// Holds for everything.
    public static let all = Filter(Node.all([]))
    /// Holds for nothing.
    public static let never = Filter(Node.any([]))

    /// Holds where the field `path`, one part without dots, equals the text.
    public static func equal(_ path: String, _ text: String) -> Filter {
        Filter(
            .term(Term(Term.Draft([path], .equal, [FilterValue(text, isQuoted: true)]))))
    }

    /// Holds where the text of the field contains `text`.
    public static func contains(_ path: String, _ text: String) -> Filter {
        Filter(
            .term(Term(Term.Draft([path], .contains, [FilterValue(text, isQuoted: true)]))))
    }

    /// Holds where the field `path`, one part without dots, equals one of the texts.
    public static func isOne(of texts: [String], in path: String) -> Filter {
        Filter(
            .term(
                Term(Term.Draft([path], .isIn, texts.map { FilterValue($0, isQuoted: true) }))))
    }

    /// Holds where all of them hold.
    public init(all filters: [Filter]) {
        let nodes = filters.flatMap { filter -> [Node] in
            if case .all(let nodes) = filter.root { return nodes }
            return [filter.root]
        }
        self.init(nodes.count == 1 ? nodes[0] : .all(nodes))
    }

    public var isAll: Bool { root == .all([]) }

    /// The conditions that must all hold.
    public var conjuncts: [Filter] {
        if case .all(let nodes) = root { return nodes.map { Filter($0) } }
        return [self]
    }

    /// The terms that must all hold, whatever else must.
    public var required: [Term] {
        let nodes: [Node] =
            if case .all(let nodes) = root { nodes } else { [root] }
        return nodes.compactMap { node in
            if case .term(let term) = node { return term }
            return nil
        }
    }

    /// All terms, in order.
    public var terms: [Term] { root.terms }

    /// Whether the condition holds, given which terms do.
    public func holds(_ test: (Term) -> Bool) -> Bool { root.holds(test) }

    // MARK: - Lines

    /// Whether it holds for a line. A line that is not a JSON object matches only `all`.
    public func matches(_ line: UnsafeRawBufferPointer) -> Bool {
        if isAll { return true }
        guard let root = try? JSONScanner.validate(line, limits: .event), root.kind == .object
        else { return false }
        return holds { $0.holds(root, in: line) }
    }

    public func matches(_ line: [UInt8]) -> Bool { line.withUnsafeBytes { matches($0) } }

    /// As `matches(_:)`, for a line that the log holds.
    public func matches(stored line: UnsafeRawBufferPointer) -> Bool {
        guard isFlat else { return matches(line) }
        return holds { $0.holds(stored: line) }
    }

    // MARK: - Spelling

    /// The words that are not fields.
    static let words: Set<String> = ["and", "or", "not", "in"]

    /// The filter in its own language; empty for `all`.
    public var description: String { root.spelled(inside: .all) }
}

extension Filter.Node {
    fileprivate enum Place { case all, any, not }

    fileprivate var terms: [Filter.Term] {
        switch self {
        case .term(let term): [term]
        case .not(let node): node.terms
        case .all(let nodes), .any(let nodes): nodes.flatMap(\.terms)
        }
    }

    fileprivate func holds(_ test: (Filter.Term) -> Bool) -> Bool {
        switch self {
        case .term(let term): return test(term)
        case .not(let node): return !node.holds(test)
        case .all(let nodes):
            for node in nodes where !node.holds(test) { return false }
            return true
        case .any(let nodes):
            for node in nodes where node.holds(test) { return true }
            return false
        }
    }

    fileprivate func spelled(inside place: Place) -> String {
        switch self {
        case .term(let term): return term.spelled(isNegated: false)
        case .not(.term(let term)): return term.spelled(isNegated: true)
        case .not(let node): return "not " + node.spelled(inside: .not)
        case .all(let nodes):
            let text = nodes.map { $0.spelled(inside: .all) }.joined(separator: " and ")
            return place == .not ? "(\(text))" : text
        case .any(let nodes):
            // Nothing can be written for a condition that never holds.
            if nodes.isEmpty { return "never" }
            let text = nodes.map { $0.spelled(inside: .any) }.joined(separator: " or ")
            return place == .any ? text : "(\(text))"
        }
    }
}
