import Core
public import Events
import JSON
public import Rendering
public import Secrets
public import Transfer

/// Sends a digest to a web service by HTTP, signed as in Standard Webhooks 1.0
/// (standardwebhooks.com) if there is a key.
///
/// The request is the digest's JSON, or made from templates. Variables are read at each try and
/// are part of the request only: neither the outbox nor a log contains them.
public struct WebhookReceiver: Receiver {
    /// How the request is made and its answer read.
    public struct Exchange: Sendable {
        public var template: WebhookTemplate
        /// Values for the templates, by name.
        public var variables: [String: Secret]
        /// The texts of headers that came from the environment; removed from answers.
        public var headerSecrets: [String]
        /// The statuses that mean accepted, and those that are retried.
        public var success: [ClosedRange<Int>]
        public var retry: [ClosedRange<Int>]
        /// A JSON pointer to the answer's value that later digests of the incident get as `mark`;
        /// empty: none.
        public var remember: String

        public init(
            template: WebhookTemplate = .plain, variables: [String: Secret] = [:],
            headerSecrets: [String] = [], success: [ClosedRange<Int>] = [200...299],
            retry: [ClosedRange<Int>] = [408...408, 425...425, 429...429, 500...599],
            remember: String = ""
        ) {
            self.template = template
            self.variables = variables
            self.headerSecrets = headerSecrets
            self.success = success
            self.retry = retry
            self.remember = remember
        }
    }

    public let name: String
    public var kind: String { "webhook" }
    public var parallel: Int { 32 }

    private let url: Secret
    private let signingKey: Secret?
    private let exchange: Exchange
    private let trust: TLSTrust
    private let deadline: Duration
    private let transfer: TransferEngine
    private let wall: WallClock

    /// - Parameter signingKey: The key of the signature; nil for none.
    public init(
        name: String, url: Secret, signingKey: Secret?, exchange: Exchange = Exchange(),
        trust: TLSTrust = .system, deadline: Duration = .seconds(10), transfer: TransferEngine,
        wall: WallClock = .system
    ) {
        self.name = name
        self.url = url
        self.signingKey = signingKey
        self.exchange = exchange
        self.trust = trust
        self.deadline = deadline
        self.transfer = transfer
        self.wall = wall
    }

    public func send(_ digest: RenderedDigest, to recipients: [String]) async -> DeliveryAttempt {
        await send(digest, to: recipients, following: nil)
    }

    public func send(
        _ digest: RenderedDigest, to recipients: [String], following mark: String?
    ) async -> DeliveryAttempt {
        let request: WebhookTemplate.Request
        var secrets = exchange.headerSecrets
        do {
            let address = try url.read()
            secrets += Self.parts(of: address)
            var variables: [String: String] = [:]
            for (name, secret) in exchange.variables {
                let value = try secret.read()
                variables[name] = value
                if !secret.isPublic { secrets.append(value) }
            }
            request = try exchange.template.request(
                for: digest, url: address, receiver: name, variables: variables, mark: mark)
        } catch let fault as SecretFault {
            return DeliveryAttempt(fault, for: recipients)
        } catch {
            // A template that fails for this digest fails for it again.
            return DeliveryAttempt(
                .refused, "\(error)", for: recipients,
                steps: [DeliveryStep("render the request", succeeded: false, words: "\(error)")])
        }
        var headers = request.headers
        do throws(SecretFault) {
            headers += try signature(digest, request.body, &secrets)
        } catch {
            return DeliveryAttempt(error, for: recipients)
        }
        do throws(TransferError) {
            let reply = try await transfer.http(
                HTTPTransfer(
                    url: request.url, method: request.method, headers: headers,
                    body: request.body, deadline: deadline, maxBody: 64 * 1024, tls: trust,
                    usesEnvironmentProxy: true))
            return attempt(reply, request.method, secrets, recipients, mark)
        } catch {
            return DeliveryAttempt(error, for: recipients)
        }
    }

    /// The headers of Standard Webhooks; the signature only with a key.
    private func signature(
        _ digest: RenderedDigest, _ body: [UInt8], _ secrets: inout [String]
    ) throws(SecretFault) -> [(String, String)] {
        let id = IdentifierText.safe(digest.id)
        let seconds = wall.now.milliseconds / 1000
        var headers = [("Webhook-Id", id), ("Webhook-Timestamp", "\(seconds)")]
        if let signingKey {
            let key = try signingKey.read()
            secrets.append(key)
            let value = WebhookSignature(key: key).value(id: id, seconds: seconds, body: body)
            headers.append(("Webhook-Signature", value))
        }
        return headers
    }

    private func attempt(
        _ reply: HTTPReply, _ method: String, _ secrets: [String], _ recipients: [String],
        _ mark: String?
    ) -> DeliveryAttempt {
        func holds(_ ranges: [ClosedRange<Int>]) -> Bool {
            ranges.contains { $0.contains(reply.status) }
        }
        let new = mark ?? Self.remembered(exchange.remember, in: reply.body)
        return DeliveryAttempt(
            reply, secrets: secrets, for: recipients, method: method,
            mark: new ?? "",
            meaning: holds(exchange.success) ? .sent : holds(exchange.retry) ? .retry : .refused)
    }

    /// The value at a pointer in an answer: a number of at most 128 digits, or a text of at most
    /// 128 plain characters.
    private static func remembered(_ pointer: String, in body: [UInt8]) -> String? {
        guard !pointer.isEmpty,
            let answer = try? JSONValue(
                parsing: body, limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 32))
        else { return nil }
        switch answer.resolve(pointer: pointer) {
        case .number(let text)? where text.utf8.count <= 128: return text
        case .string(let text)? where IdentifierText.safe(text) == text: return text
        default: return nil
        }
    }

    /// The texts of an address to remove from answers: itself, and the parts of its path and
    /// query that are long enough to be keys.
    private static func parts(of address: String) -> [String] {
        let behind = address.split(separator: "/", omittingEmptySubsequences: true).dropFirst(2)
        let parts = behind.flatMap { $0.split(whereSeparator: { "?&=".contains($0) }) }
        return [address] + parts.map(String.init).filter { $0.utf8.count >= 16 }
    }
}

/// The signature header of Standard Webhooks: `v1,` and the base64 of
/// HMAC-SHA256 over `id.timestamp.body`.
struct WebhookSignature {
    private let key: HMACKey

    /// Reads a key of the form `whsec_<base64>`; any other text is used as its UTF-8 bytes.
    init(key text: String) {
        let prefix = "whsec_"
        if text.hasPrefix(prefix), let decoded = Base64.decode(text.dropFirst(prefix.count)) {
            key = HMACKey(decoded)
        } else {
            key = HMACKey(Array(text.utf8))
        }
    }

    func value(id: String, seconds: Int64, body: [UInt8]) -> String {
        let mac = key.code(for: Array("\(id).\(seconds).".utf8) + body)
        return "v1," + Base64.encode(mac)
    }
}
