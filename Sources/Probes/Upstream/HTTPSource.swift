import Events
public import Secrets
import Transfer

/// The HTTP request of a probe, and the answers that it accepts.
///
/// All probes that use HTTP send it through `Upstream`.
public struct HTTPSource: Sendable {
    public struct Header: Sendable, Hashable {
        public let name: String
        public let value: Secret

        public init(_ name: String, _ value: Secret) {
            self.name = name
            self.value = value
        }
    }

    /// The `Authorization` header; the secret is read for each attempt.
    public enum Credential: Sendable, Hashable {
        /// RFC 6750.
        case bearer(Secret)
        /// RFC 7617. The user must not contain a colon.
        case basic(user: String, password: Secret)
    }

    public var url: String
    public var method: String
    public var headers: [Header]
    public var credential: Credential?
    public var body: [UInt8]
    /// Whether the request is that of one rollout, because arguments are in it. Then 404 and 410
    /// mean that the server has nothing for this rollout.
    public var isOfRollout = false
    /// The statuses of a valid answer.
    public var expectedStatuses: [ClosedRange<Int>]
    /// Maximum bytes of the body, both as received and decoded.
    public var maxBody: Int
    public var tls: TLSTrust
    /// The client certificate for servers that request one.
    public var identity: TLSIdentity?
    /// Whether bodies are read beyond their Content-Length (`HTTPTransfer.readsToClose`).
    var readsToClose = false
    /// Whether the proxy variables such as `HTTPS_PROXY` apply. Never for loopback addresses.
    public var usesEnvironmentProxy: Bool

    public init(
        url: String, method: String = "GET", headers: [Header] = [],
        credential: Credential? = nil, body: [UInt8] = [],
        expectedStatuses: [ClosedRange<Int>] = [200...299], maxBody: Int = 1 << 20,
        tls: TLSTrust = .system, identity: TLSIdentity? = nil, usesEnvironmentProxy: Bool = false
    ) {
        self.url = url
        self.method = method
        self.headers = headers
        self.credential = credential
        self.body = body
        self.expectedStatuses = expectedStatuses
        self.maxBody = maxBody
        self.tls = tls
        self.identity = identity
        self.usesEnvironmentProxy = usesEnvironmentProxy
    }

    /// - Parameter name: The name in lower case.
    func has(header name: String) -> Bool { headers.contains { $0.name.lowercased() == name } }

    func accepts(_ status: Int) -> Bool { expectedStatuses.contains { $0.contains(status) } }

    /// Maximum number of redirects to follow; 0 if a redirect is an expected answer.
    var maxRedirects: Int {
        [301, 302, 303, 307, 308].contains(where: accepts) ? 0 : Self.mostRedirects
    }

    private static let mostRedirects = 5
}
