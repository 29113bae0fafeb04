#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// IP addresses as text and as bytes in network order.
public enum IPAddress {
    /// 4 or 16 bytes; nil when the text is no address.
    public static func bytes(_ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes.prefix(4)) }
        return inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
    }

    /// The address in its own form: an IPv4 peer of a socket that takes both families is shown
    /// as `::ffff:192.0.2.1` (RFC 4291 §2.5.5.2) and becomes `192.0.2.1`.
    public static func unmapped(_ text: String) -> String {
        let prefix = "::ffff:"
        guard text.hasPrefix(prefix) || text.lowercased().hasPrefix(prefix) else { return text }
        let rest = String(text.dropFirst(prefix.count))
        return bytes(rest)?.count == 4 ? rest : text
    }

    /// Whether the system has IPv6 at all.
    public static var hasIPv6: Bool {
        #if canImport(Glibc)
            let kind = Int32(SOCK_STREAM.rawValue)
        #else
            let kind = SOCK_STREAM
        #endif
        let descriptor = socket(AF_INET6, kind, 0)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }
}
