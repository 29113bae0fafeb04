import JSON

/// A condition of an AnalysisTemplate in Argo's expression language (expr).
///
/// Evaluated in three steps as Argo does for each measurement: the text is parsed, its types are
/// checked against the kind of `result`, and it is evaluated. A fault in any step makes the
/// measurement an Error. The rare parts of the language (`let`, pipes, slices, most functions)
/// are not supported: they are reported as undecided.
struct ArgoExpression: Sendable {
    /// Why a condition has no value.
    enum Stop: Error, Equatable {
        /// Argo ends the measurement with an Error.
        case error(String)
        /// Not supported here; Argo may accept it.
        case undecided(String)
        /// `?.` found nil, so that the whole chain is nil.
        case chainEnds
    }

    indirect enum Node: Sendable, Equatable {
        case literal(ArgoValue)
        case name(String)
        /// The element that a predicate is evaluated for: `#`.
        case element
        case list([Node])
        case map([String: Node])
        case unary(String, Node)
        case binary(String, Node, Node)
        case member(Node, Node, isOptional: Bool)
        case chain(Node)
        case call(String, [Node])
        case predicate(String, Node, Node)
        case choice(Node, Node, Node)
    }

    let root: Node

    init(_ text: String, _ dialect: ArgoDialect) throws(Stop) {
        root = try ArgoParser.parse(text, dialect)
    }

    /// The value of the condition for a `result`, and what may make it an Error.
    func value(
        for result: ArgoValue, _ dialect: ArgoDialect
    ) throws(Stop) -> (value: ArgoValue, risks: Set<String>) {
        var checker = ArgoTypeChecker(result: result, dialect: dialect)
        _ = try checker.type(of: root)
        var evaluator = ArgoEvaluator(result: result, dialect: dialect)
        return (try evaluator.value(of: root), evaluator.risks)
    }

    /// The members of `result` that the condition reads, each as a path of names.
    var paths: Set<[String]> {
        var found: Set<[String]> = []
        Self.collect(root, into: &found)
        return found
    }

    private static func collect(_ node: Node, into found: inout Set<[String]>) {
        if let path = path(node) {
            if !path.isEmpty { found.insert(path) }
            return
        }
        switch node {
        case .literal, .name, .element: break
        case .list(let nodes), .call(_, let nodes):
            for node in nodes { collect(node, into: &found) }
        case .map(let pairs): for node in pairs.values { collect(node, into: &found) }
        case .unary(_, let a), .chain(let a): collect(a, into: &found)
        case .binary(_, let a, let b), .member(let a, let b, _), .predicate(_, let a, let b):
            collect(a, into: &found)
            collect(b, into: &found)
        case .choice(let a, let b, let c):
            for node in [a, b, c] { collect(node, into: &found) }
        }
    }

    /// The names after `result`, for a node that is nothing but members of it.
    private static func path(_ node: Node) -> [String]? {
        switch node {
        case .name("result"): return []
        case .chain(let inner): return path(inner)
        case .member(let base, .literal(.text(let name)), _):
            return path(base).map { $0 + [name] }
        default: return nil
        }
    }
}
