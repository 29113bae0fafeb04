public import HTTPTypes
public import HummingbirdCore

/// A method and path that the server answers, with its requirements and its handler.
public struct Route: Sendable {
    public typealias Handler = @Sendable (Exchange) async throws -> Response

    public var method: HTTPRequest.Method
    /// Literal segments, and `{name}` for any one segment: `/rollouts/analysis/{concern}`.
    public var path: String
    public var access: Access
    /// The accepted media types of the body, without parameters, in lower case. `""` accepts a body
    /// without a type; an empty list accepts any type.
    public var media: [String]
    /// The maximum body size in bytes, before and after inflating; nil uses the server's limit.
    public var bodyLimit: Int?
    /// Whether `Content-Encoding: gzip` is accepted.
    public var inflates: Bool
    /// Whether it is served while the node drains, as health checks must be.
    public var servesWhileDraining: Bool
    /// Whether it is served for every host name, regardless of `listen.hosts`: kubelets and
    /// Prometheus use the pod's address.
    public var answersEveryHost = false
    /// Determines how much of the memory budget may be in use when a request begins.
    public var tier: MemoryBudget.Tier
    public var handler: Handler
    /// Answers the request from memory without suspending. If it is nil or returns nil, `handler`
    /// runs.
    ///
    /// The answer must equal the 200 answer of `handler`. It runs on the connection's event loop,
    /// so it must be fast. It is called only for authenticated callers and bodies of up to 16 KiB.
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

/// The credentials that a route requires.
public struct Access: Sendable {
    /// How a request can carry a credential.
    public enum Scheme: Sendable, Hashable, CaseIterable {
        /// `Authorization: Bearer …`
        case bearer
        /// `Authorization: Basic …` with the token as password, for callers that can put a
        /// credential only into a URL.
        case basic
        /// The cookie of a signed-in browser.
        case session
    }

    /// Nil if credentials are not checked.
    public let scope: Scope?
    /// Whether callers without the scope are served too.
    public let isOptional: Bool
    public let schemes: Set<Scheme>

    /// Any caller; credentials are not checked.
    public static let open = Access(scope: nil, isOptional: true, schemes: [])

    /// Callers with `scope`.
    public static func requires(_ scope: Scope, by schemes: Set<Scheme> = [.bearer]) -> Access {
        Access(scope: scope, isOptional: false, schemes: schemes)
    }

    /// Any caller; `Exchange.identity` is set for callers with `scope`.
    public static func optional(_ scope: Scope, by schemes: Set<Scheme> = [.bearer]) -> Access {
        Access(scope: scope, isOptional: true, schemes: schemes)
    }
}
