/// Where the server listens: a host and a port.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address, IPv6 without brackets.
    public var host: String
    /// 0 lets the system choose.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`, `[::1]:8443` or `:8443` (every IPv4 address).
    public init(parsing text: String) throws(ServingError) {
        let host: Substring
        let port: Substring
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]"),
                text[text.index(after: end)...].hasPrefix(":")
            else { throw Self.fault(text) }
            host = text[text.index(after: text.startIndex)..<end]
            port = text[text.index(end, offsetBy: 2)...]
        } else {
            guard let colon = text.lastIndex(of: ":") else { throw Self.fault(text) }
            host = text[..<colon]
            port = text[text.index(after: colon)...]
            // Without brackets the last colon of an IPv6 address would pass for the port's.
            guard !host.contains(":") else { throw Self.fault(text) }
        }
        guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(port)
        else { throw Self.fault(text) }
        self.init(host: host.isEmpty ? "0.0.0.0" : String(host), port: Int(number))
    }

    private static func fault(_ text: String) -> ServingError {
        ServingError(
            place: text, fault: "not an address to listen on",
            remedy: "write host:port, for IPv6 [::1]:8443, port 0 to 65535")
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
