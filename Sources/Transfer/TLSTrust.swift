/// Which certificates a server may present.
public enum TLSTrust: Sendable, Hashable {
    /// Chains to the system's certificate authorities, and names the host.
    case system
    /// Chains to a certificate in this PEM file, and names the host.
    case file(String)
    /// Anything. For a first look at a server only: whoever sits between reads all.
    case insecure
}

/// The files of a client certificate (PEM, the leaf first) and of its key, without passphrase.
/// Read for each new connection, so that a renewed pair is in use within a minute.
public struct TLSIdentity: Sendable, Hashable {
    public var certificate: String
    public var key: String

    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}
