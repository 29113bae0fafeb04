#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The client's name in EHLO: a fully-qualified domain name or an address literal.
///
/// See RFC 5321 §4.1.1.1. Many servers refuse any other name.
public enum HelloName {
    /// Why `name` cannot be used, as the end of a sentence; nil if it is valid.
    public static func fault(in name: String) -> String? {
        isQualified(name) || isLiteral(name)
            ? nil : "is neither a fully-qualified domain name nor an address literal"
    }

    /// This machine's name if it is fully qualified, else one of its addresses as a literal.
    ///
    /// - Parameter isLoopback: Whether the server is on this machine.
    static func standard(isLoopback: Bool) -> String {
        let name = hostName()
        if isQualified(name) { return name }
        return literal(of: isLoopback ? nil : address()) ?? "[127.0.0.1]"
    }

    /// Whether `name` has at least two labels of letters, digits and hyphens, the last not a
    /// number.
    static func isQualified(_ name: String) -> Bool {
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count >= 2, !name.hasPrefix("["), name.utf8.count <= 253,
            MailAddress.isDomain(Array(name.utf8)[...])
        else { return false }
        return labels.last?.contains { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            ?? false
    }

    private static func isLiteral(_ name: String) -> Bool {
        guard name.hasPrefix("["), name.hasSuffix("]") else { return false }
        let inside = String(name.dropFirst().dropLast())
        if inside.lowercased().hasPrefix("ipv6:") {
            var address = in6_addr()
            return inet_pton(AF_INET6, String(inside.dropFirst(5)), &address) == 1
        }
        var address = in_addr()
        return inet_pton(AF_INET, inside, &address) == 1
    }

    private static func literal(of address: String?) -> String? {
        address.map { $0.contains(":") ? "[IPv6:\($0)]" : "[\($0)]" }
    }

    private static func hostName() -> String {
        written(atMost: 256) { gethostname($0, $1 - 1) == 0 } ?? ""
    }

    /// The C string that `write` leaves in a buffer of `size` bytes; nil if it fails.
    private static func written(
        atMost size: Int, _ write: (UnsafeMutablePointer<CChar>, Int) -> Bool
    ) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { buffer in
            buffer.initialize(repeating: 0)
            guard let start = buffer.baseAddress, write(start, size) else { return nil }
            return String(cString: start)
        }
    }

    /// The first address of this machine that is neither loopback nor link-local, IPv4 before IPv6;
    /// nil if there is none.
    private static func address() -> String? {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return nil }
        defer { freeifaddrs(list) }
        var found: [Int32: String] = [:]
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard let address = entry.ifa_addr else { continue }
            let family = Int32(address.pointee.sa_family)
            guard found[family] == nil, let text = text(of: address, family) else { continue }
            found[family] = text
        }
        return found[AF_INET] ?? found[AF_INET6]
    }

    private static func text(
        of address: UnsafeMutablePointer<sockaddr>, _ family: Int32
    ) -> String? {
        switch family {
        case AF_INET:
            let text = written(atMost: 64) { buffer, size in
                address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    inet_ntop(AF_INET, &$0.pointee.sin_addr, buffer, socklen_t(size)) != nil
                }
            }
            return text.flatMap { $0.hasPrefix("127.") || $0.hasPrefix("169.254.") ? nil : $0 }
        case AF_INET6:
            let text = written(atMost: 64) { buffer, size in
                address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    inet_ntop(AF_INET6, &$0.pointee.sin6_addr, buffer, socklen_t(size)) != nil
                }
            }
            return text.flatMap { $0 == "::1" || $0.hasPrefix("fe80:") ? nil : $0 }
        default: return nil
        }
    }
}
