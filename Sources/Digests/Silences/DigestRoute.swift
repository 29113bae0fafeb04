public import Events

/// A tree that selects the receivers of a digest.
///
/// The first inner route whose filter matches selects them; with `goesOn`,
/// the routes after it are evaluated, too. If none matches, this route's own
/// receivers get the digest.
public struct DigestRoute: Sendable, Hashable {
    /// Which digests the route takes. That of the root is not evaluated.
    public var filter: Filter
    public var receivers: [String]
    public var goesOn: Bool
    public var routes: [DigestRoute]

    public init(
        filter: Filter = .all, receivers: [String] = [], goesOn: Bool = false,
        routes: [DigestRoute] = []
    ) {
        self.filter = filter
        self.receivers = receivers
        self.goesOn = goesOn
        self.routes = routes
    }

    /// Names of receivers, each once, in the order of the tree.
    public func receivers(for digest: Digest) -> [String] {
        var names: [String] = []
        var decided = false
        for route in routes where route.filter.matches(digest) {
            decided = true
            for name in route.receivers(for: digest) where !names.contains(name) {
                names.append(name)
            }
            if !route.goesOn { break }
        }
        return decided ? names : receivers
    }
}
