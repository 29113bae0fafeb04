import Core

/// One message for one mail server.
///
/// All addresses and the message are validated before libcurl gets them: libcurl before mid-2026
/// allows command injection by a CR or LF in an address.
public struct MailTransfer: Sendable {
    public enum Security: String, Sendable, CaseIterable {
        /// STARTTLS is required; without it nothing is sent, not even a password.
        case starttls
        /// TLS from the first byte (port 465).
        case implicit
        /// Plain text. A password or token is then allowed only to a server on this machine.
        case none
    }

    /// The SASL mechanism.
    public enum Authentication: String, Sendable, CaseIterable {
        /// The strongest mechanism that the server offers: XOAUTH2 or OAUTHBEARER with a token;
        /// CRAM-MD5, PLAIN or LOGIN with a password.
        case automatic
        case plain
        case login
        case cramMD5
        case xoauth2

        /// The allowed mechanisms. Excludes GSSAPI, NTLM and EXTERNAL, which libcurl would also
        /// try.
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
    /// Empty disables authentication.
    public var username: String
    public var password: String
    /// An OAuth 2.0 access token, used instead of a password; empty if there is none.
    public var token: String
    public var authentication: Authentication
    /// The name of the greeting, see `HelloName`; empty uses this machine's.
    public var hello: String
    /// The envelope's sender, `name@host`.
    public var from: String
    /// The envelope's recipients, `name@host`, at least one.
    public var recipients: [String]
    /// Header and body. Every line ends in CRLF and has at most 998 bytes. Dots are stuffed during
    /// sending.
    public var message: [UInt8]
    public var connectDeadline: Duration
    /// The time from the call until the last byte of the message is sent.
    public var deadline: Duration
    /// How long the server may then take to answer. RFC 5321 §4.5.3.2.6 allows ten minutes. A
    /// shorter time risks duplicate delivery.
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

    /// Validates this transfer and returns the server's address.
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
                    words: "address '\(InertText.line(address, limit: 80))' \(fault)")
            }
        }
        try require(!recipients.isEmpty, "the message has no recipient")
        for secret in [username, password, token] {
            try require(
                secret.utf8.allSatisfy { $0 != 0 && $0 != 0x0D && $0 != 0x0A },
                "the user name, the password or the token holds CR, LF or NUL")
        }
        if !hello.isEmpty, let fault = HelloName.fault(in: hello) {
            try require(false, "hello '\(InertText.line(hello, limit: 100))' \(fault)")
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
