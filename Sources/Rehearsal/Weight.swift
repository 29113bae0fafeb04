/// How much traffic a balancer sends to one of its targets.
public struct Weight: Sendable, Hashable {
    public let target: String
    /// In the balancer's own unit.
    public let value: Int
    /// Whether the target is up; true when the balancer does not report it.
    public let isUp: Bool

    public init(_ target: String, _ value: Int, isUp: Bool = true) {
        self.target = target
        self.value = value
        self.isUp = isUp
    }
}

/// A load balancer whose weights can be read and set.
protocol Balancer: Sendable {
    /// Reads all weights.
    func weights() async throws(RehearsalFault) -> [Weight]

    /// Sets one weight; returns when the balancer has accepted it.
    func set(_ target: String, to value: Int) async throws(RehearsalFault)

    /// Returns the command of `set` as a person would type it.
    func command(setting target: String, to value: Int) -> String
}

/// The kind and address of a balancer, as stored in a bookmark.
public enum BalancerSource: Sendable, Hashable {
    /// HAProxy's runtime socket (a path, `level admin`) and a backend.
    case haproxy(socket: String, backend: String)
    /// A JSON document that is read with GET and written as a whole with `method`. `pointers`
    /// contains the JSON pointer (RFC 6901) of each target's weight.
    case http(url: String, method: String, pointers: [String: String], caFile: String)
    /// An executable: `PATH get` prints a JSON object of weights by target,
    /// `PATH set TARGET WEIGHT` sets one.
    case command(path: String)

    func balancer() throws(RehearsalFault) -> any Balancer {
        switch self {
        case .haproxy(let socket, let backend):
            try HAProxyRuntime(socket: socket, backend: backend)
        case .http(let url, let method, let pointers, let caFile):
            HTTPBalancer(url: url, method: method, pointers: pointers, caFile: caFile)
        case .command(let path): CommandBalancer(path: path)
        }
    }
}
