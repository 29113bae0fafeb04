public import Events
public import Rendering
public import Secrets
public import Transfer

/// Posts the digest's JSON to a web service, signed as in Standard Webhooks 1.0
/// (standardwebhooks.com).
public struct WebhookReceiver: Receiver {
    public let name: String
    public var kind: String { "webhook" }
    public var parallel: Int { 32 }

    private let url: Secret
    private let signingKey: Secret?
    private let trust: TLSTrust
    private let deadline: Duration
    private let transfer: TransferEngine
    private let wall: WallClock

    /// - Parameter signingKey: The key of the signature; nil for none.
    public init(
        name: String, url: Secret, signingKey: Secret?, trust: TLSTrust = .system,
        deadline: Duration = .seconds(10), transfer: TransferEngine, wall: WallClock = .system
    ) {
        self.name = name
        self.url = url
        self.signingKey = signingKey
        self.trust = trust
        self.deadline = deadline
        self.transfer = transfer
        self.wall = wall
    }

    public func send(_ digest: RenderedDigest, to recipients: [String]) async -> DeliveryAttempt {
        let body = Array(digest.model.utf8)
        let address: String
        var headers = [("Content-Type", "application/json")]
        var secrets: [String] = []
        do throws(SecretFault) {
            address = try url.read()
            secrets.append(address)
            let id = IdentifierText.safe(digest.id)
            headers.append(("Webhook-Id", id))
            let seconds = wall.now.milliseconds / 1000
            headers.append(("Webhook-Timestamp", "\(seconds)"))
            if let signingKey {
                let key = try signingKey.read()
                secrets.append(key)
                let signature = WebhookSignature(key: key)
                headers.append(
                    ("Webhook-Signature", signature.value(id: id, seconds: seconds, body: body)))
            }
        } catch {
            return DeliveryAttempt(error, for: recipients)
        }
        do throws(TransferError) {
            let reply = try await transfer.http(
                HTTPTransfer(
                    url: address, method: "POST", headers: headers, body: body,
                    deadline: deadline, maxBody: 64 * 1024, tls: trust,
                    usesEnvironmentProxy: true))
            return DeliveryAttempt(reply, secrets: secrets, for: recipients)
        } catch {
            return DeliveryAttempt(error, for: recipients)
        }
    }
}
