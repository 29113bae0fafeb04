import Events
import HTTPTypes

/// The host names that the server answers to (`listen.hosts`).
struct HostPolicy: Sendable {
    private let names: Set<String>

    /// An empty list admits any name. Ports in names are ignored.
    init(_ hosts: [String]) { names = Set(hosts.map { Self.name($0) }) }

    /// Whether names are checked; then the handshake's server name is needed.
    var isRestricted: Bool { !names.isEmpty }

    /// - Parameters:
    ///   - authority: `Host` or `:authority`, with or without port.
    ///   - serverName: The handshake's server name, if the client sent one.
    func admits(authority: @autoclosure () -> String?, serverName: String?) -> Bool {
        if names.isEmpty { return true }
        guard let authority = authority(), names.contains(Self.name(authority)) else {
            return false
        }
        return serverName.map { names.contains(Self.name($0)) } ?? true
    }

    /// The name in lower case, without port, brackets and trailing dot.
    private static func name(_ authority: String) -> String {
        var name = Substring(authority)
        if name.hasPrefix("["), let end = name.firstIndex(of: "]") {
            name = name[name.index(after: name.startIndex)..<end]
        } else if let colon = name.firstIndex(of: ":"), !name[colon...].dropFirst().contains(":") {
            name = name[..<colon]
        }
        if name.hasSuffix(".") { name = name.dropLast() }
        return name.lowercased()
    }
}

extension HostPolicy {
    /// The one valid host of a request (RFC 9112 §3.2, RFC 9113 §8.3.1).
    ///
    /// `Host` of HTTP/1.1 and `:authority` of HTTP/2 arrive as `authority`. Further `Host` fields,
    /// such as the one that `RequestTarget` adds for a differing absolute target, are among the
    /// header fields.
    ///
    /// - Throws: 400 if the request has no host, more than one, or an invalid one.
    static func authority(of head: HTTPRequest, isHTTP2: Bool) throws(Problem) -> String {
        let fields = head.headerFields[values: .hostField]
        guard let authority = head.authority ?? (isHTTP2 ? fields.first : nil) else {
            throw .malformed("host_missing", "the request names no host", field: "Host")
        }
        // HTTP/2 permits one `host` field beside `:authority` if both are equal.
        let isOne =
            isHTTP2
            ? fields.count <= 1 && fields.allSatisfy { $0.lowercased() == authority.lowercased() }
            : fields.isEmpty
        guard isOne else {
            throw .malformed(
                "host_ambiguous", "the request names more than one host", field: "Host")
        }
        guard isValid(authority.utf8) else {
            throw .malformed(
                "host_malformed", "the host is not a name or an address with an optional port",
                field: "Host")
        }
        return authority
    }

    /// Whether this is a host name, an IPv4 address or an IPv6 address in brackets, with an
    /// optional port. Names are limited to letters, digits, `-`, `.`, `_` and `~`, a subset of RFC
    /// 3986 §3.2.2.
    static func isValid(_ authority: some Collection<UInt8>) -> Bool {
        guard let first = authority.first, authority.count <= 320 else { return false }
        var rest = authority[...]
        if first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let address = rest[rest.index(after: rest.startIndex)..<end]
            guard IPAddress.bytes(String(decoding: address, as: UTF8.self))?.count == 16 else {
                return false
            }
            rest = rest[rest.index(after: end)...]
        } else {
            let name = rest.prefix { isOfName($0) }
            guard !name.isEmpty else { return false }
            rest = rest[name.endIndex...]
        }
        if rest.isEmpty { return true }
        guard rest.first == UInt8(ascii: ":") else { return false }
        let port = rest.dropFirst()
        return port.count <= 5 && port.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
            && port.reduce(0, { $0 * 10 + Int($1 - UInt8(ascii: "0")) }) <= 65535
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
