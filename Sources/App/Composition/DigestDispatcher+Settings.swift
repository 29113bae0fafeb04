import Delivery
import Digests
import Notifier
import Rendering
import Secrets
import Settings
import Transfer

extension DigestDispatcher.Plan {
    /// Creates the plan of a validated configuration.
    ///
    /// - Parameter outgoing: The folder of `file` receivers that configure none.
    /// - Throws: `ReceiverFault` for an address that the validation did not reject.
    init(
        _ settings: Settings, outgoing: String, transfer: TransferEngine
    ) throws(ReceiverFault) {
        var receivers: [any Receiver] = []
        for receiver in settings.receivers {
            receivers.append(try Self.receiver(receiver, outgoing, transfer))
        }
        self.init(
            renderer: Renderer(settings), receivers: receivers)
    }

    private static func receiver(
        _ receiver: Settings.Receiver, _ outgoing: String, _ transfer: TransferEngine
    ) throws(ReceiverFault) -> any Receiver {
        switch receiver.kind {
        case .slack(let web):
            return SlackReceiver(
                name: receiver.name, url: web.url, trust: trust(web.caFile),
                deadline: receiver.timeout, transfer: transfer)
        case .slackBot(let bot):
            return SlackBotReceiver(
                name: receiver.name, token: bot.token, channel: bot.channel,
                api: bot.apiURL, trust: trust(bot.caFile), deadline: receiver.timeout,
                transfer: transfer)
        case .exec(let command):
            return ExecReceiver(
                name: receiver.name, command: command, deadline: receiver.timeout)
        case .webhook(let web, let request):
            let exchange: WebhookReceiver.Exchange
            do throws(WebhookFaults) {
                exchange = try WebhookReceiver.Exchange(request, url: web.url)
            } catch {
                throw ReceiverFault(receiver: receiver.name, fault: "\(error)")
            }
            return WebhookReceiver(
                name: receiver.name, url: web.url,
                signingKey: web.signingKey.isSet ? web.signingKey : nil, exchange: exchange,
                trust: trust(web.caFile), deadline: receiver.timeout, transfer: transfer)
        case .file(let directory):
            return FileReceiver(
                name: receiver.name, directory: directory.isEmpty ? outgoing : directory)
        case .smtp(let mail):
            return try mailReceiver(receiver, mail, transfer)
        }
    }

    private static func mailReceiver(
        _ receiver: Settings.Receiver, _ mail: Settings.Receiver.Mail, _ transfer: TransferEngine
    ) throws(ReceiverFault) -> any Receiver {
        let isImplicit = mail.url.hasPrefix("smtps://")
        guard
            let server = MailServer(
                url: mail.url, defaultPort: isImplicit ? 465 : 587)
        else {
            throw ReceiverFault(
                receiver: receiver.name, fault: "the address is not smtp://host:port")
        }
        var boxes: [Mailbox] = []
        for text in [mail.from] + mail.to {
            do { boxes.append(try Mailbox(text)) } catch {
                throw ReceiverFault(receiver: receiver.name, fault: "\(error)")
            }
        }
        return MailReceiver(
            name: receiver.name,
            MailReceiver.Configuration(
                host: server.host, port: server.port,
                security: isImplicit ? .implicit : mail.tls == .none ? .none : .starttls,
                trust: trust(mail.caFile), username: mail.username,
                password: mail.password.isSet ? mail.password : nil,
                token: mail.oauthToken.isSet ? mail.oauthToken : nil,
                authentication: authentication(mail.auth), hello: mail.hello, from: boxes[0],
                to: Array(boxes.dropFirst()), deadline: receiver.timeout),
            transfer: transfer)
    }

    private static func authentication(
        _ auth: Settings.Receiver.Mail.Auth
    ) -> MailTransfer.Authentication {
        switch auth {
        case .auto: .automatic
        case .plain: .plain
        case .login: .login
        case .cramMD5: .cramMD5
        case .xoauth2: .xoauth2
        }
    }

    private static func trust(_ caFile: String) -> TLSTrust {
        caFile.isEmpty ? .system : .file(caFile)
    }
}

extension WebhookReceiver.Exchange {
    /// Compiles and checks the templates of a configured request.
    init(
        _ request: Settings.Receiver.WebhookRequest, url: Secret
    ) throws(WebhookFaults) {
        var source = WebhookTemplate.Source()
        source.method = request.method
        source.headers = request.headers.sorted { $0.key < $1.key }
            .map { ($0.key, (try? $0.value.read()) ?? "") }
        source.body = request.body
        source.maxBytes = request.maxBytes
        source.variables = Set(request.variables.keys)
        self.init(
            // An address that cannot be read now is rendered when it can.
            template: try WebhookTemplate(source, url: (try? url.read()) ?? ""),
            variables: request.variables,
            headerSecrets: request.headers.values.filter { !$0.isPublic }
                .compactMap { try? $0.read() },
            success: request.success, retry: request.retry, remember: request.remember)
    }
}

/// A receiver that cannot be created from its configuration.
public struct ReceiverFault: Error, Sendable, Equatable, CustomStringConvertible {
    public let receiver: String
    public let fault: String

    public var description: String {
        "receivers: \(receiver): \(fault); correct it in the configuration"
    }
}

/// Host and port of `smtp://host:port`.
private struct MailServer {
    let host: String
    let port: Int

    init?(url: String, defaultPort: Int) {
        guard let scheme = url.firstRange(of: "://") else { return nil }
        let authority = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
        if authority.hasPrefix("["), let close = authority.firstIndex(of: "]") {
            host = String(authority[authority.index(after: authority.startIndex)..<close])
            let rest = authority[authority.index(after: close)...]
            guard let port = rest.isEmpty ? defaultPort : Int(rest.dropFirst()) else { return nil }
            self.port = port
        } else {
            let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
            guard let first = parts.first, !first.isEmpty, parts.count <= 2,
                let port = parts.count == 2 ? Int(parts[1]) : defaultPort
            else { return nil }
            host = String(first)
            self.port = port
        }
    }
}
