import Events
import HTTPTypes

/// Which names the server answers to (`listen.hosts`).
struct HostPolicy: Sendable {
    private let names: Set<String>

    /// Empty admits any name. A port in a name is left out.
    init(_ hosts: [String]) { names = Set(hosts.map { Self.name($0) }) }

    /// Whether names are looked at, so that the handshake's name must be kept.
    var isRestricted: Bool { !names.isEmpty }

    /// - Parameters:
    ///   - authority: `Host` or `:authority`, with or without port.
    ///   - serverName: The handshake's name, when the client gave one.
    func admits(authority: @autoclosure () -> String?, serverName: String?) -> Bool {
        if names.isEmpty { return true }
        guard let authority = authority(), names.contains(Self.name(authority)) else {
            return false
        }
        return serverName.map { names.contains(Self.name($0)) } ?? true
    }

    /// Without port, brackets and a root dot, in lower case.
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
    /// The host that a request names, once and in a valid form (RFC 9112 §3.2, RFC 9113 §8.3.1).
    ///
    /// HTTP/1.1's `Host`, with one of an absolute target that differs, and HTTP/2's `:authority`
    /// arrive as `authority`; what else the request says about its host is among the fields.
    ///
    /// - Throws: 400 when there is none, when there are several, and when it is none.
    static func authority(of head: HTTPRequest, isHTTP2: Bool) throws(Problem) -> String {
        let fields = head.headerFields[values: .hostField]
        guard let authority = head.authority ?? (isHTTP2 ? fields.first : nil) else {
            throw .malformed("host_missing", "the request names no host", field: "Host")
        }
        // HTTP/2 permits one `host` beside `:authority`, if it says the same.
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

    /// A host name, an IPv4 address, or an IPv6 address in brackets, with an optional port.
    /// Of what RFC 3986 §3.2.2 allows in a name, only what names in use consist of.
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
