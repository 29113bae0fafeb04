/// One HTTP request.
public struct HTTPTransfer: Sendable {
    /// `http://` or `https://`. Only scheme, host and port of it are ever shown.
    public var url: String
    public var method: String
    /// Sent in this order. Names are tokens; values hold no CR, LF or NUL.
    public var headers: [(String, String)]
    public var body: [UInt8]
    /// From the call to the last byte of the answer.
    public var deadline: Duration
    /// For name, connection and TLS together.
    public var connectDeadline: Duration
    /// The answer's body may be this long, in bytes.
    public var maxBody: Int
    /// With it the body of an answer 2xx is handed out as it comes and not kept. Called on
    /// the engine's thread, which does nothing else meanwhile: a consumer that blocks
    /// holds the peer back. Returning false ends the transfer as `.cancelled`.
    public var onBody: (@Sendable (UnsafeRawBufferPointer) -> Bool)?
    /// Ends as `.timeout` an answer of which nothing came for so long; nil: only `deadline` does.
    public var idleDeadline: Duration?
    public var tls: TLSTrust
    /// Shown to a server that asks for a certificate; nil: none.
    public var identity: TLSIdentity?
    /// Connect to this socket file instead of the URL's host.
    public var unixSocket: String?
    /// `HOST:PORT:ADDRESS:PORT`: for this host and port connect to that address
    /// instead, while the certificate, the Host header and everything else stay
    /// the host's. An IPv6 address stands in brackets.
    public var connectTo: String?
    /// How many redirects of a GET or HEAD to follow, within the address's origin: scheme, host
    /// and port, or from http to https on one host and their own ports. What leads elsewhere is
    /// an answer with `HTTPReply.redirect`, so that headers never reach another server.
    public var maxRedirects: Int
    /// Whether `http_proxy`, `https_proxy` and `no_proxy` apply. Never for loopback.
    public var usesEnvironmentProxy: Bool

    public init(
        url: String, method: String = "GET", headers: [(String, String)] = [],
        body: [UInt8] = [], deadline: Duration = .seconds(10),
        connectDeadline: Duration = .seconds(5), maxBody: Int = 1 << 20,
        onBody: (@Sendable (UnsafeRawBufferPointer) -> Bool)? = nil,
        idleDeadline: Duration? = nil,
        tls: TLSTrust = .system, identity: TLSIdentity? = nil, unixSocket: String? = nil,
        connectTo: String? = nil, maxRedirects: Int = 0, usesEnvironmentProxy: Bool = false
    ) {
        self.url = url
        self.method = method
        self.headers = headers
        self.body = body
        self.deadline = deadline
        self.connectDeadline = connectDeadline
        self.maxBody = maxBody
        self.onBody = onBody
        self.idleDeadline = idleDeadline
        self.tls = tls
        self.identity = identity
        self.unixSocket = unixSocket
        self.connectTo = connectTo
        self.maxRedirects = maxRedirects
        self.usesEnvironmentProxy = usesEnvironmentProxy
    }
}
