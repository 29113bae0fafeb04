import JSON
public import Rendering
public import Secrets
public import Transfer

/// Posts to a Slack incoming webhook. The URL is the credential.
public struct SlackReceiver: Receiver {
    public let name: String
    public var kind: String { "slack" }
    /// Slack accepts about one message a second and disables webhooks that exceed this.
    public let minimumInterval: Duration

    private let url: Secret
    private let trust: TLSTrust
    private let deadline: Duration
    private let transfer: TransferEngine

    public init(
        name: String, url: Secret, trust: TLSTrust = .system, deadline: Duration = .seconds(10),
        minimumInterval: Duration = .seconds(1), transfer: TransferEngine
    ) {
        self.name = name
        self.url = url
        self.trust = trust
        self.deadline = deadline
        self.minimumInterval = minimumInterval
        self.transfer = transfer
    }

    public func send(_ digest: RenderedDigest, to recipients: [String]) async -> DeliveryAttempt {
        let address: String
        do throws(SecretFault) { address = try url.read() } catch {
            return DeliveryAttempt(error, for: recipients)
        }
        do throws(TransferError) {
            let reply = try await transfer.http(
                HTTPTransfer(
                    url: address, method: "POST",
                    headers: [("Content-Type", "application/json; charset=utf-8")],
                    body: Array(digest.slack.utf8), deadline: deadline, maxBody: 64 * 1024,
                    tls: trust, usesEnvironmentProxy: true))
            // `rollup_error` is the only other 4xx answer that Slack asks clients to retry.
            return DeliveryAttempt(
                reply, secrets: Self.secrets(in: address), for: recipients,
                meaning: Self.meaning(of: reply), isTransient: { _, word in word == "rollup_error" }
            )
        } catch {
            return DeliveryAttempt(error, for: recipients)
        }
    }

    /// What a success says that is none: a web page, such as a proxy's sign-in, came from another
    /// server, and an object with a false `ok` is a refusal. nil leaves it to the status.
    private static func meaning(of reply: HTTPReply) -> DeliveryAttempt.Meaning? {
        guard (200..<300).contains(reply.status) else { return nil }
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        if reply.body.first(where: { !isSpace($0) }) == UInt8(ascii: "<") { return .retry }
        let document = try? JSONValue(parsing: reply.body, limits: .event)
        return ["ok", "success"].contains { document?[$0] == .bool(false) } ? .refused : nil
    }

    /// The texts to remove from answers: the URL, and the last part of its path, which is the key.
    private static func secrets(in address: String) -> [String] {
        let key = address.split(separator: "/").last.map(String.init) ?? ""
        return [address] + (key.utf8.count >= 8 ? [key] : [])
    }
}
