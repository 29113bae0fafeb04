public import Rendering
public import Secrets
public import Transfer

/// Sends mail through an SMTP server: one transaction for all recipients, one outcome for each.
public struct MailReceiver: Receiver {
    public struct Configuration: Sendable {
        public var host: String
        public var port: Int
        public var security: MailTransfer.Security
        public var trust: TLSTrust
        /// The user; empty for no authentication.
        public var username: String
        public var password: Secret?
        /// An OAuth 2.0 access token instead of a password; read for each message.
        public var token: Secret?
        public var authentication: MailTransfer.Authentication
        /// See `MailTransfer.hello`.
        public var hello: String
        public var from: Mailbox
        public var to: [Mailbox]
        /// The time limit until the message is sent; waiting for the answer to it has its own
        /// limit, see `MailTransfer`.
        public var deadline: Duration

        public init(
            host: String, port: Int, security: MailTransfer.Security = .starttls,
            trust: TLSTrust = .system, username: String = "", password: Secret? = nil,
            token: Secret? = nil, authentication: MailTransfer.Authentication = .automatic,
            hello: String = "", from: Mailbox, to: [Mailbox], deadline: Duration = .seconds(60)
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
            self.to = to
            self.deadline = deadline
        }
    }

    public let name: String
    public var kind: String { "smtp" }
    private let configuration: Configuration
    private let transfer: TransferEngine

    public init(name: String, _ configuration: Configuration, transfer: TransferEngine) {
        self.name = name
        self.configuration = configuration
        self.transfer = transfer
    }

    public var recipients: [String] { configuration.to.map(\.address) }

    public func send(_ digest: RenderedDigest, to recipients: [String]) async -> DeliveryAttempt {
        let password: String
        let token: String
        do throws(SecretFault) {
            password = try configuration.password?.read() ?? ""
            token = try configuration.token?.read() ?? ""
        } catch {
            return DeliveryAttempt(error, for: recipients)
        }
        // The header lists all configured recipients, so a retry for some of them has the same
        // bytes.
        let message = MailComposer(from: configuration.from, to: configuration.to, list: name)
            .compose(digest)
        do throws(TransferError) {
            let reply = try await transfer.mail(
                MailTransfer(
                    host: configuration.host, port: configuration.port,
                    security: configuration.security, trust: configuration.trust,
                    username: configuration.username, password: password, token: token,
                    authentication: configuration.authentication, hello: configuration.hello,
                    from: configuration.from.address, recipients: recipients, message: message,
                    deadline: configuration.deadline))
            return DeliveryAttempt(reply, withToken: !token.isEmpty)
        } catch {
            return DeliveryAttempt(error, for: recipients)
        }
    }
}

extension DeliveryAttempt {
    /// - Parameter withToken: Whether an access token was used. A refused token has mostly expired
    ///   and is renewed soon, so the refusal is retried.
    init(_ reply: MailReply, withToken: Bool = false) {
        let results = reply.outcomes.map { outcome in
            let answer = outcome.answer
            let codes = [answer.code > 0 ? "\(answer.code)" : "", answer.enhanced]
                .filter { !$0.isEmpty }.joined(separator: " ")
            let place = outcome.isDelivered ? "" : " (at \(outcome.stage.rawValue))"
            let isFinal =
                answer.isPermanent && !(withToken && outcome.stage == .authentication)
            return Result(
                recipient: outcome.recipient,
                outcome: outcome.isDelivered
                    ? .sent : isFinal ? .refused : .retry(after: nil),
                words: "\(codes) \(answer.words)\(place)")
        }
        let steps = reply.conversation.map { step in
            DeliveryStep(
                step.command.isEmpty ? "greeting" : step.command,
                succeeded: step.answer.map { $0.code < 400 } ?? false,
                words: step.answer.map { "\($0.code) \($0.enhanced) \($0.words)" } ?? "no answer")
        }
        self.init(results: results, steps: DeliveryStep.connection(reply.timings) + steps)
    }
}
