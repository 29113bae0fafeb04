public import HTTPTypes
public import Hummingbird

/// One thing that the server answers: what it needs, and what it does.
public struct Route: Sendable {
    public typealias Handler = @Sendable (Exchange) async throws -> Response

    public var method: HTTPRequest.Method
    /// Literal segments and `{name}` for one segment: `/rollouts/analysis/{concern}`.
    public var path: String
    public var access: Access
    /// Media types of the body, without parameters, lower case; `""` among them
    /// takes a body without a type too; empty takes any.
    public var media: [String]
    /// Bytes of the body, before and after inflating; nil is the server's own limit.
    public var bodyLimit: Int?
    /// Whether `Content-Encoding: gzip` is taken.
    public var inflates: Bool
    /// Whether it is served while the node drains, as health must be.
    public var servesWhileDraining: Bool
    /// Whether it answers to any name, whatever `listen.hosts` says: kubelets and Prometheus name
    /// the pod's address.
    public var answersEveryHost = false
    /// How much of the memory for callers may be in use when a request begins.
    public var tier: MemoryBudget.Tier
    public var handler: Handler
    /// What the route can answer from memory, without waiting; nil from it, or
    /// none, sends the request to `handler`. It must answer as `handler` would
    /// with 200 have done, quickly: it runs on the connection's event loop. Asked only for
    /// callers with a credential and bodies of up to 16 KiB.
    public var ready: (@Sendable (ReadyQuestion) -> ReadyAnswer?)?

    public init(
        _ method: HTTPRequest.Method, _ path: String, access: Access, media: [String] = [],
        bodyLimit: Int? = nil, inflates: Bool = false, servesWhileDraining: Bool = false,
        tier: MemoryBudget.Tier = .reader,
        ready: (@Sendable (ReadyQuestion) -> ReadyAnswer?)? = nil,
        handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.media = media
        self.bodyLimit = bodyLimit
        self.inflates = inflates
        self.servesWhileDraining = servesWhileDraining
        self.tier = tier
        self.ready = ready
        self.handler = handler
    }
}

/// Who may use a route.
public struct Access: Sendable {
    /// Where a credential may stand.
    public enum Scheme: Sendable, Hashable {
        /// `Authorization: Bearer …`
        case bearer
        /// `Authorization: Basic …`, the token as password: for callers that
        /// can only put a credential into a URL.
        case basic
        /// The cookie of a signed-in browser.
        case session
    }

    let scope: Scope?
    let isOptional: Bool
    let schemes: Set<Scheme>

    /// Anyone.
    public static let open = Access(scope: nil, isOptional: true, schemes: [])

    /// Who has `scope`.
    public static func requires(_ scope: Scope, by schemes: Set<Scheme> = [.bearer]) -> Access {
        Access(scope: scope, isOptional: false, schemes: schemes)
    }

    /// Anyone; `Exchange.identity` tells who has `scope`.
    public static func optional(_ scope: Scope, by schemes: Set<Scheme> = [.bearer]) -> Access {
        Access(scope: scope, isOptional: true, schemes: schemes)
    }
}
