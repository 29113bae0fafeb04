/// One message for one mail server.
///
/// Addresses and message are checked here, all of them, before libcurl sees
/// any: libcurl before mid-2026 lets a CR or LF in an address inject commands.
public struct MailTransfer: Sendable {
    public enum Security: String, Sendable, CaseIterable {
        /// STARTTLS, or nothing is sent: not even a password.
        case starttls
        /// TLS from the first byte (port 465).
        case implicit
        /// Plain text. With a password only to this machine itself.
        case none
    }

    /// How the client proves who it is (SASL).
    public enum Authentication: String, Sendable, CaseIterable {
        /// The strongest that the server offers and what is given allows: with a token XOAUTH2 or
        /// OAUTHBEARER, with a password CRAM-MD5, PLAIN or LOGIN.
        case automatic
        case plain
        case login
        case cramMD5
        case xoauth2

        /// The names of the mechanisms that may be used; never GSSAPI, NTLM or EXTERNAL, which
        /// libcurl would try on its own.
        func mechanisms(withToken: Bool) -> [String] {
            switch self {
            case .automatic:
                withToken ? ["XOAUTH2", "OAUTHBEARER"] : ["CRAM-MD5", "PLAIN", "LOGIN"]
            case .plain: ["PLAIN"]
            case .login: ["LOGIN"]
            case .cramMD5: ["CRAM-MD5"]
            case .xoauth2: ["XOAUTH2"]
            }
        }
    }

    public var host: String
    public var port: Int
    public var security: Security
    public var trust: TLSTrust
    /// Empty: no authentication.
    public var username: String
    public var password: String
    /// An OAuth 2.0 access token, instead of a password; empty: none.
    public var token: String
    public var authentication: Authentication
    /// The name of the greeting, see `HelloName`; empty: this machine's.
    public var hello: String
    /// The envelope's sender, `name@host`.
    public var from: String
    /// The envelope's recipients, `name@host`, at least one.
    public var recipients: [String]
    /// Header and body, every line ending in CRLF, at most 998 bytes a line.
    /// Dots are stuffed on the way.
    public var message: [UInt8]
    public var connectDeadline: Duration
    /// From the call until the last byte of the message is sent.
    public var deadline: Duration
    /// How long the server may then take to answer. RFC 5321 §4.5.3.2.6 gives
    /// it ten minutes: who gives up earlier risks that the message arrives twice.
    public var answerDeadline: Duration

    public init(
        host: String, port: Int, security: Security = .starttls, trust: TLSTrust = .system,
        username: String = "", password: String = "", token: String = "",
        authentication: Authentication = .automatic, hello: String = "", from: String,
        recipients: [String],
        message: [UInt8], connectDeadline: Duration = .seconds(15),
        deadline: Duration = .seconds(60), answerDeadline: Duration = .seconds(600)
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.trust = trust
        self.username = username
        self.password = password
        self.token = token
        self.authentication = authentication
        self.hello = hello
        self.from = from
        self.recipients = recipients
        self.message = message
        self.connectDeadline = connectDeadline
        self.deadline = deadline
        self.answerDeadline = answerDeadline
    }

    /// The server's address, when everything about this transfer is sound.
    func validated() throws(TransferError) -> Endpoint {
        let endpoint = try Endpoint(
            scheme: security == .implicit ? "smtps" : "smtp", host: host, port: port)
        func require(_ holds: Bool, _ words: String) throws(TransferError) {
            guard holds else {
                throw TransferError(.invalid, target: endpoint.target, words: words)
            }
        }
        for address in [from] + recipients {
            if let fault = MailAddress.fault(in: address) {
                throw TransferError(
                    .invalid, target: endpoint.target,
                    words: "address '\(address.printableLine(atMost: 80))' \(fault)")
            }
        }
        try require(!recipients.isEmpty, "the message has no recipient")
        for secret in [username, password, token] {
            try require(
                secret.utf8.allSatisfy { $0 != 0 && $0 != 0x0D && $0 != 0x0A },
                "the user name, the password or the token holds CR, LF or NUL")
        }
        if !hello.isEmpty, let fault = HelloName.fault(in: hello) {
            try require(false, "hello '\(hello.printableLine(atMost: 100))' \(fault)")
        }
        try require(
            authentication != .xoauth2 || !token.isEmpty,
            "XOAUTH2 needs a token, and there is none")
        try require(
            password.isEmpty && token.isEmpty || security != .none || endpoint.isLoopback,
            "a password or a token is set, but tls is none: it would cross the network in plain text"
        )
        if let fault = MailMessage.fault(in: message) {
            try require(false, fault)
        }
        return endpoint
    }
}
