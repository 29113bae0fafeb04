import Events
import NIOCore

/// Properties of a connection, fixed when its handshake is complete.
public struct ConnectionFacts: Sendable {
    /// The peer's address without port; `unknown` if the system does not report it.
    public let peer: String
    public let port: Int
    public let isHTTP2: Bool
    /// The server name of the handshake (SNI), in lower case. Nil if the client sent none, or if
    /// `listen.hosts` is empty and SNI is not read.
    public let serverName: String?
    /// The client certificate, verified at the handshake of its session; nil if the client sent
    /// none.
    let client: ClientCertificate?

    /// The group for per-peer limits: an IPv4 address, or an IPv6 /64, which one subscriber usually
    /// has.
    public let peerGroup: String
    /// The connection's census entry; nil if connections are not counted.
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

    /// The address without port. An IPv4-mapped IPv6 address is returned as IPv4.
    static func peer(of address: SocketAddress?) -> String {
        address?.ipAddress.map(IPAddress.unmapped) ?? "unknown"
    }

    static func peerGroup(of peer: String) -> String {
        let bytes = IPAddress.bytes(peer) ?? []
        return bytes.count == 16 ? ContentHash.hexDigits(bytes.prefix(8)) : peer
    }
}
