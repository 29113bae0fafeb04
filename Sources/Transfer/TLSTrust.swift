/// Which certificates a server may present.
public enum TLSTrust: Sendable, Hashable {
    /// Chains to the system's certificate authorities, and names the host.
    case system
    /// Chains to a certificate in this PEM file, and names the host.
    case file(String)
    /// Anything. For a first look at a server only: whoever sits between reads all.
    case insecure
}
