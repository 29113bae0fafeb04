import Events
public import Secrets
import Transfer

/// Where a probe gets an answer over HTTP, and which answers it takes.
///
/// Every probe that speaks HTTP asks through one of these, by `Upstream`.
public struct HTTPSource: Sendable {
    public struct Header: Sendable, Hashable {
        public let name: String
        public let value: Secret

        public init(_ name: String, _ value: Secret) {
            self.name = name
            self.value = value
        }
    }

    /// What the header Authorization says; read anew for each attempt.
    public enum Credential: Sendable, Hashable {
        /// RFC 6750.
        case bearer(Secret)
        /// RFC 7617. The user holds no colon.
        case basic(user: String, password: Secret)
    }

    public var url: String
    public var method: String
    public var headers: [Header]
    public var credential: Credential?
    public var body: [UInt8]
    /// Statuses of a good answer.
    public var expectedStatuses: [ClosedRange<Int>]
    /// Longest body, in bytes, as it comes and once decoded.
    public var maxBody: Int
    public var tls: TLSTrust
    /// Shown to a server that asks for a certificate.
    public var identity: TLSIdentity?
    /// Whether `HTTPS_PROXY` and its kin apply. Never for loopback.
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

    /// - Parameter name: in small letters.
    func has(header name: String) -> Bool { headers.contains { $0.name.lowercased() == name } }

    func accepts(_ status: Int) -> Bool { expectedStatuses.contains { $0.contains(status) } }

    /// As many as are followed; none where a redirect is itself an expected answer.
    var maxRedirects: Int {
        [301, 302, 303, 307, 308].contains(where: accepts) ? 0 : Self.mostRedirects
    }

    private static let mostRedirects = 5
}
