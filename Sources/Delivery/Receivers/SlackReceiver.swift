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
                isTransient: { _, word in word == "rollup_error" })
        } catch {
            return DeliveryAttempt(error, for: recipients)
        }
    }

    /// The texts to remove from answers: the URL, and the last part of its path, which is the key.
    private static func secrets(in address: String) -> [String] {
        let key = address.split(separator: "/").last.map(String.init) ?? ""
        return [address] + (key.utf8.count >= 8 ? [key] : [])
    }
}
