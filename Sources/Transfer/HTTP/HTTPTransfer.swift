/// One HTTP request.
public struct HTTPTransfer: Sendable {
    /// `http://` or `https://`. Errors and logs contain only its scheme, host and port.
    public var url: String
    public var method: String
    /// Sent in this order. Names are tokens; values contain no CR, LF or NUL.
    public var headers: [(String, String)]
    public var body: [UInt8]
    /// The time from the call to the last byte of the answer.
    public var deadline: Duration
    /// The time for name lookup, connection and TLS together.
    public var connectDeadline: Duration
    /// The maximum length of the answer's body in bytes.
    public var maxBody: Int
    /// Receives the body of a 2xx answer as it arrives; the body is then not kept. Called on the
    /// engine's thread, which meanwhile does nothing else: a blocking consumer slows the peer down.
    /// Returning false ends the transfer as `.cancelled`.
    public var onBody: (@Sendable (UnsafeRawBufferPointer) -> Bool)?
    /// Ends the transfer as `.timeout` if nothing arrives for this long; nil relies on `deadline`
    /// only.
    public var idleDeadline: Duration?
    public var tls: TLSTrust
    /// The client certificate for servers that request one; nil if there is none.
    public var identity: TLSIdentity?
    /// Connects to this socket file instead of the URL's host.
    public var unixSocket: String?
    /// `HOST:PORT:ADDRESS:PORT`: connects to this address for the given host and port. The
    /// certificate check and the Host header still use the host. An IPv6 address is in brackets.
    public var connectTo: String?
    /// How many redirects of a GET or HEAD to follow, within one origin (scheme, host and port) or
    /// from http to https on one host and their default ports. Any other redirect is returned with
    /// `HTTPReply.redirect`, so that headers are never sent to another server.
    public var maxRedirects: Int
    /// Whether the body is read until the server closes the connection, beyond its Content-Length.
    /// The request is sent on a new connection and demands the close. Chunks and HTTP/2 end the body
    /// as always.
    public var readsToClose: Bool
    /// Whether `http_proxy`, `https_proxy` and `no_proxy` apply. They never apply to loopback.
    public var usesEnvironmentProxy: Bool

    public init(
        url: String, method: String = "GET", headers: [(String, String)] = [],
        body: [UInt8] = [], deadline: Duration = .seconds(10),
        connectDeadline: Duration = .seconds(5), maxBody: Int = 1 << 20,
        onBody: (@Sendable (UnsafeRawBufferPointer) -> Bool)? = nil,
        idleDeadline: Duration? = nil,
        tls: TLSTrust = .system, identity: TLSIdentity? = nil, unixSocket: String? = nil,
        connectTo: String? = nil, maxRedirects: Int = 0, readsToClose: Bool = false,
        usesEnvironmentProxy: Bool = false
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
        self.readsToClose = readsToClose
        self.usesEnvironmentProxy = usesEnvironmentProxy
    }
}
