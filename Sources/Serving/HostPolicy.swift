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
