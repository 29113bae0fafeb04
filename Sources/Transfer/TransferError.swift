import Core

/// Why a transfer failed, with its target and a remedy.
///
/// Contains no credential: `target` is scheme, host and port only (a webhook's path is a secret),
/// and `words` is made printable and limited in length.
public struct TransferError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The closed set of reasons, usable as a metric label.
    public enum Kind: String, Sendable, CaseIterable {
        /// The request itself is wrong, such as its address or a header.
        case invalid
        /// The host's name cannot be resolved.
        case resolve
        /// The host refused the connection.
        case refused
        /// No route, or the network is down.
        case unreachable
        /// No connection was made within the connect deadline.
        case connectTimeout = "connect_timeout"
        /// No complete answer arrived within the deadline.
        case timeout
        /// The certificate is not trusted, or TLS negotiation failed.
        case tls
        /// More than `maxBody` bytes.
        case tooLarge = "too_large"
        /// The peer closed or reset the connection before the answer was complete.
        case closed
        /// The answer violates the protocol.
        case protocolFault = "protocol_fault"
        /// The caller cancelled the transfer, or the engine was shut down.
        case cancelled
        /// libcurl ran out of memory or had an internal fault.
        case internalFault = "internal_fault"
    }

    public let kind: Kind
    /// `scheme://host:port` of the request.
    public let target: String
    /// One printable line, at most 300 characters.
    public let words: String

    public init(_ kind: Kind, target: String, words: String) {
        self.kind = kind
        self.target = target
        self.words = InertText.line(words, limit: 300)
    }

    /// What an operator can do about it.
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
        case .cancelled: "nothing: it was cancelled"
        case .internalFault: "check memory and open files of this process"
        }
    }

    public var description: String { "\(target): \(words); \(remedy)" }
}
