/// A tree that says who gets a digest.
///
/// Asked from the outside in: the first inner route whose matchers all hold
/// decides, and with `goesOn` the ones behind it are asked too; where none
/// holds, this route's own receivers get the digest.
public struct Route: Sendable, Hashable {
    /// All must hold; the outermost route's are not asked.
    public var matchers: [Matcher]
    public var receivers: [String]
    public var goesOn: Bool
    public var routes: [Route]

    public init(
        matchers: [Matcher] = [], receivers: [String] = [], goesOn: Bool = false,
        routes: [Route] = []
    ) {
        self.matchers = matchers
        self.receivers = receivers
        self.goesOn = goesOn
        self.routes = routes
    }

    /// Names of receivers, each once, in the order of the tree.
    public func receivers(for digest: Digest) -> [String] {
        var names: [String] = []
        var decided = false
        for route in routes where route.matchers.allSatisfy({ $0.matches(digest) }) {
            decided = true
            for name in route.receivers(for: digest) where !names.contains(name) {
                names.append(name)
            }
            if !route.goesOn { break }
        }
        return decided ? names : receivers
    }
}
