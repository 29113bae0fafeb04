import Events
public import Secrets
import Transfer

/// Where a probe gets an answer over HTTP, and which answers it takes.
public struct HTTPSource: Sendable {
    /// A header whose value is, or ends in, a secret.
    public struct Header: Sendable, Hashable {
        public let name: String
        /// Stands before the secret: `Bearer `.
        public let prefix: String
        public let value: Secret

        public init(_ name: String, prefix: String = "", _ value: Secret) {
            self.name = name
            self.prefix = prefix
            self.value = value
        }
    }

    public var url: String
    public var method: String
    public var headers: [Header]
    public var body: [UInt8]
    /// Statuses of a good answer.
    public var expectedStatuses: [ClosedRange<Int>]
    /// Longest body, in bytes.
    public var maxBody: Int
    public var tls: TLSTrust

    public init(
        url: String, method: String = "GET", headers: [Header] = [], body: [UInt8] = [],
        expectedStatuses: [ClosedRange<Int>] = [200...299], maxBody: Int = 1 << 20,
        tls: TLSTrust = .system
    ) {
        self.url = url
        self.method = method
        self.headers = headers
        self.body = body
        self.expectedStatuses = expectedStatuses
        self.maxBody = maxBody
        self.tls = tls
    }

    func accepts(_ status: Int) -> Bool { expectedStatuses.contains { $0.contains(status) } }
}
