/// What the server needs to know, free of the configuration file's form.
public struct HTTPServerConfiguration: Sendable {
    public var address: ListenAddress
    /// Host and SNI names that are served; empty serves any.
    public var hosts: [String]
    public var tls: TLSFiles
    public var clients: ClientCertificates
    public var limits: ServerLimits
    /// How long browsers are told to use TLS only with this host name (RFC 6797); nil: not told.
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

/// The certificate chain and its key, PEM files.
public struct TLSFiles: Sendable, Hashable {
    public var certificate: String
    public var key: String

    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// Who may show a client certificate, and whether one is needed.
public struct ClientCertificates: Sendable, Hashable {
    /// What a caller must show.
    public enum Demand: String, Sendable, CaseIterable {
        /// A token; certificates are not asked for.
        case token
        /// A token or a certificate.
        case either
        /// A certificate; its scopes are `scopes`.
        case certificate
        /// Both; the token decides the scopes.
        case both
    }

    /// PEM file of the authorities that clients' certificates must come from; empty: none.
    public var authority: String
    /// Subject alternative names (DNS or URI) of which a certificate must carry one; empty: any.
    public var names: [String]
    public var demand: Demand
    /// What a certificate alone allows.
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

/// Bounds against slow, large and many clients.
public struct ServerLimits: Sendable, Hashable {
    /// Open connections. For a new one beyond, the idle one that matters least is closed; where
    /// all are busy with requests of authenticated callers, it waits in the listen queue.
    public var connections: Int
    /// Open connections of one peer address (an IPv6 /64).
    public var connectionsPerPeer: Int
    /// From accept to the end of the first request's header, handshake included.
    public var headerTimeout: Duration
    /// From the end of one answer to the end of the next request's header.
    public var idleTimeout: Duration
    /// From the end of a request's header to the end of its body, however it
    /// drips; also how long a client may leave an answer unread.
    public var requestDeadline: Duration
    /// How long what a client still sends is read and dropped after an answer that closes.
    public var lingerTimeout: Duration
    /// From the wish to stop to the end, whatever is still open then.
    public var drainDeadline: Duration
    /// Bytes of all header fields of one request.
    public var headerBytes: Int
    /// Bytes of a request's body where the route sets no bound of its own.
    public var bodyBytes: Int
    /// Bytes that all callers together can make the node hold.
    public var memory: Int
    /// Long-lived answers at once, of which one credential gets half; they never take the
    /// places of others.
    public var streams: Int
    /// Reads of the log or the state file at once, of which one credential gets half.
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
