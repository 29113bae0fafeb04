import Events

/// The server's settings, independent of the configuration file's format.
public struct HTTPServerConfiguration: Sendable {
    public var address: ListenAddress
    /// The host and SNI names that are served; empty serves any name.
    public var hosts: [String]
    public var tls: TLSFiles
    public var clients: ClientCertificates
    public var limits: ServerLimits
    /// How long browsers use only TLS for this host name (RFC 6797); nil sends no such header.
    public var strictTransport: Duration?

    public init(
        address: ListenAddress, hosts: [String] = [], tls: TLSFiles,
        clients: ClientCertificates = ClientCertificates(), limits: ServerLimits = ServerLimits(),
        strictTransport: Duration? = nil
    ) {
        self.address = address
        self.hosts = hosts
        self.tls = tls
        self.clients = clients
        self.limits = limits
        self.strictTransport = strictTransport
    }
}

/// The paths of the PEM files of the certificate chain and its key.
public struct TLSFiles: Sendable, Hashable {
    public var certificate: String
    public var key: String

    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// Whether client certificates are required, and which are accepted.
public struct ClientCertificates: Sendable, Hashable {
    /// The required credentials.
    public enum Demand: String, Sendable, CaseIterable {
        /// A token; no certificate is requested.
        case token
        /// A token or a certificate.
        case either
        /// A certificate; its scopes are `scopes`.
        case certificate
        /// Both; the token determines the scopes.
        case both
    }

    /// PEM file of the authorities that issue client certificates; empty if there is none.
    public var authority: String
    /// Subject alternative names (DNS or URI), one of which a certificate must contain; empty
    /// allows any.
    public var names: [String]
    public var demand: Demand
    /// The scopes of a caller with a certificate alone.
    public var scopes: Set<Scope>

    public init(
        authority: String = "", names: [String] = [], demand: Demand = .token,
        scopes: Set<Scope> = [.analysis, .ingest]
    ) {
        self.authority = authority
        self.names = names
        self.demand = demand
        self.scopes = scopes
    }
}

/// Limits against slow clients, large requests and many connections.
public struct ServerLimits: Sendable, Hashable {
    /// The maximum number of open connections. Beyond it the least important connection is closed
    /// for a new one; if all are busy with requests of authenticated callers, the new one waits in
    /// the listen queue.
    public var connections: Int
    /// The maximum number of open connections per peer address (IPv6: per /64).
    public var connectionsPerPeer: Int
    /// From accepting to the end of the first request's header, handshake included.
    public var headerTimeout: Duration
    /// From the end of one answer to the end of the next request's header.
    public var idleTimeout: Duration
    /// From the end of a request's header to the end of its body, however slowly it arrives; also
    /// how long a client may leave an answer unread.
    public var requestDeadline: Duration
    /// How long further input is read and discarded after an answer that closes the connection.
    public var lingerTimeout: Duration
    /// From the start of a shutdown until open connections are ended.
    public var drainDeadline: Duration
    /// The maximum size of all header fields of one request, in bytes.
    public var headerBytes: Int
    /// The maximum size of a request's body in bytes, if the route sets no limit.
    public var bodyBytes: Int
    /// The maximum memory that all callers together can use, in bytes.
    public var memory: Int
    /// The maximum number of concurrent streams; one credential gets half. They are counted apart
    /// from other requests.
    public var streams: Int
    /// The maximum number of concurrent reads of the log or the state file; one credential gets
    /// half.
    public var queries: Int

    public init(
        connections: Int = 1024, connectionsPerPeer: Int? = nil,
        headerTimeout: Duration = .seconds(10),
        idleTimeout: Duration = .seconds(75), requestDeadline: Duration = .seconds(15),
        lingerTimeout: Duration = .seconds(2), drainDeadline: Duration = .seconds(20),
        headerBytes: Int = 32 * 1024, bodyBytes: Int = 64 * 1024,
        memory: Int = 64 << 20, streams: Int = 64, queries: Int = 8
    ) {
        self.connections = connections
        self.connectionsPerPeer = connectionsPerPeer ?? connections
        self.headerTimeout = headerTimeout
        self.idleTimeout = idleTimeout
        self.requestDeadline = requestDeadline
        self.lingerTimeout = lingerTimeout
        self.drainDeadline = drainDeadline
        self.headerBytes = headerBytes
        self.bodyBytes = bodyBytes
        self.memory = memory
        self.streams = streams
        self.queries = queries
    }
}

/// A host and port to listen on.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address, IPv6 without brackets. Empty means every IPv4 and IPv6 address of the
    /// machine.
    public var host: String
    /// 0 lets the system choose a port.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Whether this is not one address but all addresses of one or both families.
    public var isEveryAddress: Bool { ["", "0.0.0.0", "::"].contains(host) }

    /// `host:port` for a client on the same machine.
    public var local: String { isEveryAddress ? "localhost:\(port)" : description }

    /// The host that the socket is bound to. A socket that is bound to `::` accepts IPv4 too.
    func bound(hasIPv6: Bool = IPAddress.hasIPv6) -> String {
        if host.isEmpty { return hasIPv6 ? "::" : "0.0.0.0" }
        return host
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Why the server, its certificate or its tokens cannot be used: place, fault and remedy.
public struct ServerError: Error, CustomStringConvertible, Sendable, Equatable {
    public let place: String
    public let fault: String
    public let remedy: String

    public init(place: String, fault: String, remedy: String) {
        self.place = place
        self.fault = fault
        self.remedy = remedy
    }

    public var description: String { "\(place): \(fault); \(remedy)" }
}
