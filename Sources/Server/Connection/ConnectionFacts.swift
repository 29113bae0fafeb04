import Events
import NIOCore

/// What is known of a connection, decided once when its handshake is done.
public struct ConnectionFacts: Sendable {
    /// The peer's address without port; `unknown` when the system does not say.
    public let peer: String
    public let port: Int
    public let isHTTP2: Bool
    /// The name that the client asked for in the handshake (SNI), lower case;
    /// nil when it named none, or `listen.hosts` is empty and nobody looked.
    public let serverName: String?
    /// The client certificate that was shown, verified at the handshake of its session; nil
    /// when none was.
    let client: ClientCertificate?

    /// Whose conduct is counted together: an IPv4 address, an IPv6 /64 (what
    /// one subscriber is given).
    public let peerGroup: String
    /// The connection in the census; nil where nobody counts.
    let entry: ConnectionCensus.Entry?

    init(
        address: SocketAddress?, isHTTP2: Bool, serverName: String? = nil,
        client: ClientCertificate? = nil, entry: ConnectionCensus.Entry? = nil
    ) {
        peer = Self.peer(of: address)
        port = address?.port ?? 0
        self.isHTTP2 = isHTTP2
        self.serverName = serverName
        self.client = client
        self.entry = entry
        peerGroup = entry?.peerGroup ?? Self.peerGroup(of: peer)
    }

    /// Without a port; an IPv4 peer in its own form, whatever the socket takes.
    static func peer(of address: SocketAddress?) -> String {
        address?.ipAddress.map(IPAddress.unmapped) ?? "unknown"
    }

    static func peerGroup(of peer: String) -> String {
        let bytes = IPAddress.bytes(peer) ?? []
        return bytes.count == 16 ? ContentHash.hexDigits(bytes.prefix(8)) : peer
    }
}
