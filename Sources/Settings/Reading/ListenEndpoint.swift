import Events

/// The host and port of `listen.address`.
public struct ListenEndpoint: Sendable, Hashable {
    /// A host name or an address (IPv6 without brackets). Empty means every IPv4 and IPv6 address
    /// of the machine.
    public let host: String
    /// With 0, the system chooses a port.
    public let port: Int

    /// Thrown for a text that is not a valid listen address.
    struct Malformed: Error {
        /// What to write instead.
        let remedy: String
    }

    init(_ text: String) throws(Malformed) {
        if let remedy = Self.misspelling(text) { throw Malformed(remedy: remedy) }
        guard let (host, port) = HostPort.split(text[...], portRequired: true), let port else {
            throw Malformed(
                remedy:
                    "write host:port, :port for every address, for IPv6 [::1]:8443; a port is 0 to 65535"
            )
        }
        if let remedy = Self.impossible(host, isBracketed: text.hasPrefix("[")) {
            throw Malformed(remedy: remedy)
        }
        (self.host, self.port) = (host, port)
    }

    /// Returns the remedy for a common mistake in `host:port`; nil if none is found.
    private static func misspelling(_ text: String) -> String? {
        if text.contains("://") { return "write host:port without a scheme" }
        if text.contains("/") { return "write host:port without a path" }
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return "write :\(text) for every address, 127.0.0.1:\(text) for this machine alone"
        }
        if text.hasPrefix("*") { return "write :port for every address" }
        if text.contains("%") { return "write the IPv6 address without a zone, or :port" }
        if !text.hasPrefix("["), text.utf8.count(where: { $0 == UInt8(ascii: ":") }) > 1 {
            return "write an IPv6 address in brackets, as [::1]:8443"
        }
        return nil
    }

    /// Returns the remedy for a host that no socket can bind to; nil if the host is valid.
    private static func impossible(_ host: String, isBracketed: Bool) -> String? {
        guard !host.isEmpty else { return nil }
        let bytes = IPAddress.bytes(host)
        if isBracketed, bytes?.count != 16 {
            return "write a valid IPv6 address in the brackets, as [::1]:8443"
        }
        // A fully-qualified name may end with the root's dot.
        let name = host.hasSuffix(".") ? host.dropLast() : host[...]
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let isNumeric = labels.last?.utf8.allSatisfy { (0x30...0x39).contains($0) } ?? false
        guard bytes != nil || !isNumeric else {
            return "write an IPv4 address as four numbers from 0 to 255, as 127.0.0.1:8443"
        }
        guard bytes != nil || labels.allSatisfy({ (1...63).contains($0.utf8.count) }) else {
            return "write a host name or an address of this machine, or :port for every address"
        }
        if let bytes, bytes.count == 4 ? bytes[0] >= 224 : bytes[0] == 0xFF {
            return
                "multicast and broadcast addresses are none of this machine's; write :port for every address"
        }
        return nil
    }
}
