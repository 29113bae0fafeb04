/// Why a transfer failed: what, against whom, and what to do.
///
/// Holds no credential: `target` is scheme, host and port only (a webhook's
/// path is a secret), and `words` are libcurl's, made printable and bounded.
public struct TransferError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The closed set of reasons; fit for a metric's label.
    public enum Kind: String, Sendable, CaseIterable {
        /// The request itself is wrong: an address, a header, a file that is not there.
        case invalid
        /// The host's name has no address.
        case resolve
        /// Nobody listens there.
        case refused
        /// No route, or the network is down.
        case unreachable
        /// No connection within the connect deadline.
        case connectTimeout = "connect_timeout"
        /// No complete answer within the deadline.
        case timeout
        /// The certificate is not trusted, or TLS could not be agreed on.
        case tls
        /// More than `maxBody` bytes.
        case tooLarge = "too_large"
        /// The peer closed or reset the connection before the answer was complete.
        case closed
        /// The answer is not in the protocol.
        case protocolFault = "protocol_fault"
        /// The caller's task was cancelled, or the engine shut down.
        case cancelled
        /// libcurl ran out of memory or met a fault of its own.
        case internalFault = "internal_fault"
    }

    public let kind: Kind
    /// `scheme://host:port`, as it was asked for.
    public let target: String
    /// One printable line, at most 300 characters.
    public let words: String

    public init(_ kind: Kind, target: String, words: String) {
        self.kind = kind
        self.target = target
        self.words = words.printableLine(atMost: 300)
    }

    /// What a person can do about it.
    public var remedy: String {
        switch kind {
        case .invalid: "correct the configuration"
        case .resolve: "check the host's name and this machine's DNS"
        case .refused: "check the port and that the service runs"
        case .unreachable: "check the network and the routes to the host"
        case .connectTimeout: "check firewalls between here and the host"
        case .timeout: "check the peer's load, or allow a longer deadline"
        case .tls: "check the peer's certificate, its name and the CA file"
        case .tooLarge: "check that this is the right address, or raise the limit"
        case .closed: "check the peer's log"
        case .protocolFault: "check that the address speaks this protocol"
        case .cancelled: "nothing: it was called off"
        case .internalFault: "check memory and open files of this process"
        }
    }

    public var description: String { "\(target): \(words); \(remedy)" }
}
