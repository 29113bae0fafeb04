public import Digests
import Events
public import Settings

/// Which receivers a digest goes to: the tree below `route`.
public struct Routing: Sendable {
    private let root: Settings.Route

    public init(_ root: Settings.Route) { self.root = root }

    /// Names in the order of the tree, each once. A route whose `match` fits
    /// the digest's group takes it, and hides the routes after it unless it
    /// says `continue`; where no route below fits, the route's own receivers
    /// get it.
    public func receivers(for digest: Digest) -> [String] {
        var fields: [String: String] = [
            "kind": digest.kind.rawValue, "status": digest.status?.rawValue ?? "",
        ]
        for field in digest.group.fields { fields[field.name] = field.value }
        var seen: Set<String> = []
        return Self.receivers(root, fields).filter { seen.insert($0).inserted }
    }

    private static func receivers(
        _ route: Settings.Route, _ fields: [String: String]
    ) -> [String] {
        var names: [String] = []
        for child in route.routes
        where child.match.allSatisfy({ fields[$0.key] == $0.value }) {
            names += receivers(child, fields)
            if !child.goesOn { return names }
        }
        return names.isEmpty ? route.receivers : names
    }
}
