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

    public var host: String
    public var port: Int
    public var security: Security
    public var trust: TLSTrust
    /// Empty: no authentication.
    public var username: String
    public var password: String
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
        username: String = "", password: String = "", from: String, recipients: [String],
        message: [UInt8], connectDeadline: Duration = .seconds(15),
        deadline: Duration = .seconds(60), answerDeadline: Duration = .seconds(600)
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.trust = trust
        self.username = username
        self.password = password
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
        for secret in [username, password] {
            try require(
                secret.utf8.allSatisfy { $0 != 0 && $0 != 0x0D && $0 != 0x0A },
                "the user name or the password holds CR, LF or NUL")
        }
        try require(
            password.isEmpty || security != .none || endpoint.isLoopback,
            "a password is set, but tls is none: it would cross the network in plain text")
        if let fault = MailMessage.fault(in: message) {
            try require(false, fault)
        }
        return endpoint
    }
}
