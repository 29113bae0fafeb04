/// The server certificates that are accepted.
public enum TLSTrust: Sendable, Hashable {
    /// A certificate for the host that chains to the system's certificate authorities.
    case system
    /// A certificate for the host that chains to a certificate in this PEM file.
    case file(String)
    /// Any certificate. For first inspection of a server only: an interceptor can read all traffic.
    case insecure
}

/// The PEM files of a client certificate (leaf first) and of its key, without passphrase. Read for
/// each new connection, so that a renewed pair is used within a minute.
public struct TLSIdentity: Sendable, Hashable {
    public var certificate: String
    public var key: String

    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}
