import App
import ArgumentParser
import JSON

/// Reads the documents that a node answers, or that a command makes of a data folder.
enum Answer {
    private static let limits = JSONLimits(maxBytes: 64 << 20, maxDepth: 40)

    /// The document as a tree; prints a fault and exits with 65 (EX_DATAERR) if it is not JSON.
    static func tree(_ document: [UInt8]) throws -> JSONValue {
        guard let tree = try? JSONValue(parsing: document, limits: limits) else {
            Standard.error("bellwether: the node's answer is not JSON; is the address a node's?")
            throw ExitCode(65)
        }
        return tree
    }

    /// The elements of a document that is a list.
    static func rows(_ document: [UInt8]) throws -> [JSONValue] {
        try tree(document).elements ?? []
    }
}

extension JSONValue {
    /// The text of a member; empty if there is none.
    func text(_ key: String) -> String { self[key]?.string ?? "" }
}

/// The query of a request's address.
enum Query {
    /// `?name=value&…` of the values that are given, percent-encoded; empty without any.
    static func text(_ items: [(name: String, value: String?)]) -> String {
        let given = items.compactMap { item in
            item.value.map { (name: item.name, value: $0) }
        }
        return given.isEmpty ? "" : "?" + RemoteNode.query(given)
    }
}
