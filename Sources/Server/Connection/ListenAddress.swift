import Events

/// A host and port to listen on.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address, IPv6 without brackets. Empty means every IPv4 and IPv6 address of the
    /// machine.
    public var host: String
    /// 0 lets the system choose a port.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Whether this is not one address but all addresses of one or both families.
    public var isEveryAddress: Bool { ["", "0.0.0.0", "::"].contains(host) }

    /// `host:port` for a client on the same machine.
    public var local: String { isEveryAddress ? "localhost:\(port)" : description }

    /// The host that the socket is bound to. A socket that is bound to `::` accepts IPv4 too.
    func bound(hasIPv6: Bool = IPAddress.hasIPv6) -> String {
        if host.isEmpty { return hasIPv6 ? "::" : "0.0.0.0" }
        return host
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
