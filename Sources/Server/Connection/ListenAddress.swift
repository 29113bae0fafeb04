import Events

/// Where the server listens: a host and a port.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address, IPv6 without brackets; empty for every address of the machine, of
    /// IPv4 and of IPv6.
    public var host: String
    /// 0 lets the system choose.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Whether it is no single address, but all of one or both families.
    public var isEveryAddress: Bool { ["", "0.0.0.0", "::"].contains(host) }

    /// `host:port` for a caller on the same machine.
    public var local: String { isEveryAddress ? "localhost:\(port)" : description }

    /// What the socket is bound to: one that is bound to `::` takes IPv4 as well.
    func bound(hasIPv6: Bool = IPAddress.hasIPv6) -> String {
        if host.isEmpty { return hasIPv6 ? "::" : "0.0.0.0" }
        return host
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
