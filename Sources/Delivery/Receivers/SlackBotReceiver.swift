import JSON
public import Rendering
public import Secrets
public import Transfer

/// Posts to Slack with a bot token: one message per incident, updated in place.
///
/// Each change and the end are replies in its thread. The location of the message (channel and
/// `ts`) is the delivery's mark, stored with its outcome. Updates are idempotent. A post whose
/// answer is lost is sent again, with the same digest id in its metadata and footer.
public struct SlackBotReceiver: Receiver {
    public let name: String
    public var kind: String { "slack" }
    /// Slack accepts about one message a second in each channel.
    public let minimumInterval: Duration

    private let token: Secret
    private let channel: String
    private let api: String
    private let trust: TLSTrust
    private let deadline: Duration
    private let transfer: TransferEngine

    /// - Parameters:
    ///   - token: `xoxb-…` with the scope `chat:write`.
    ///   - channel: A channel's id, such as `C0123456789`; the bot must be a member.
    ///   - api: The base URL of Slack's methods, without a trailing slash.
    public init(
        name: String, token: Secret, channel: String, api: String = "https://slack.com/api",
        trust: TLSTrust = .system, deadline: Duration = .seconds(10),
        minimumInterval: Duration = .seconds(1), transfer: TransferEngine
    ) {
        self.name = name
        self.token = token
        self.channel = channel
        self.api = api
        self.trust = trust
        self.deadline = deadline
        self.minimumInterval = minimumInterval
        self.transfer = transfer
    }

    public func send(_ digest: RenderedDigest, to recipients: [String]) async -> DeliveryAttempt {
        await send(digest, to: recipients, following: nil)
    }

    public func send(
        _ digest: RenderedDigest, to recipients: [String], following mark: String?
    ) async -> DeliveryAttempt {
        var steps: [DeliveryStep] = []
        do throws(SlackRefusal) {
            guard let place = mark.flatMap(SlackPlace.init(mark:)) else {
                let place = try await post(digest.slack, digest, thread: nil, &steps)
                return Self.sent(place, recipients, steps)
            }
            do throws(SlackRefusal) {
                try await update(digest, at: place, &steps)
            } catch {
                guard error.meansGone else { throw error }
                // The message was deleted or is too old to be edited.
                let place = try await post(digest.slack, digest, thread: nil, &steps)
                return Self.sent(place, recipients, steps)
            }
            let reply = digest.slackReply.isEmpty ? digest.slack : digest.slackReply
            _ = try await post(reply, digest, thread: place, &steps)
            return Self.sent(place, recipients, steps)
        } catch {
            steps += error.attempt.steps
            return DeliveryAttempt(
                results: error.attempt.results.first.map { result in
                    recipients.map {
                        DeliveryAttempt.Result(
                            recipient: $0, outcome: result.outcome, words: result.words)
                    }
                } ?? [], steps: steps)
        }
    }

    private static func sent(
        _ place: SlackPlace, _ recipients: [String], _ steps: [DeliveryStep]
    ) -> DeliveryAttempt {
        DeliveryAttempt(
            results: recipients.map {
                DeliveryAttempt.Result(
                    recipient: $0, outcome: .sent, words: "ok \(place.mark)", mark: place.mark)
            }, steps: steps)
    }

    // MARK: - Slack's methods

    private func post(
        _ message: String, _ digest: RenderedDigest, thread: SlackPlace?,
        _ steps: inout [DeliveryStep]
    ) async throws(SlackRefusal) -> SlackPlace {
        // The reply at the end of an incident is also shown in the channel.
        let isEnd = digest.kind == "recovered" || digest.kind == "ended"
        let body = Self.body(message, digest) { w in
            w.member("channel", thread?.channel ?? channel)
            if let thread {
                w.member("thread_ts", thread.ts)
                if isEnd { w.member("reply_broadcast", true) }
            }
            w.member("unfurl_links", false)
            w.member("unfurl_media", false)
        }
        let answer = try await call("chat.postMessage", body, &steps)
        guard let channel = answer["channel"]?.string, let ts = answer["ts"]?.string,
            let place = SlackPlace(channel: channel, ts: ts)
        else {
            // The message was posted, but its location is unknown: the next digest gets a new
            // message.
            return SlackPlace.unknown
        }
        return place
    }

    private func update(
        _ digest: RenderedDigest, at place: SlackPlace, _ steps: inout [DeliveryStep]
    ) async throws(SlackRefusal) {
        let body = Self.body(digest.slack, digest) { w in
            w.member("channel", place.channel)
            w.member("ts", place.ts)
        }
        _ = try await call("chat.update", body, &steps)
    }

    /// The request body: text, blocks and attachments of `message`, with the digest's id as metadata.
    private static func body(
        _ message: String, _ digest: RenderedDigest, _ more: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        let limits = JSONLimits(maxBytes: 1 << 20, maxDepth: 16)
        let tree = try? JSONValue(parsing: Array(message.utf8), limits: limits)
        var writer = JSONWriter(capacity: message.utf8.count + 512)
        writer.object { w in
            more(&w)
            w.member("text", tree?["text"]?.string ?? digest.subject)
            if let blocks = tree?["blocks"] { w.member("blocks", blocks) }
            if let bars = tree?["attachments"] { w.member("attachments", bars) }
            w.member(object: "metadata") { w in
                w.member("event_type", "bellwether_digest")
                w.member(object: "event_payload") { w in
                    w.member("id", IdentifierText.safe(digest.id))
                    w.member("thread", IdentifierText.safe(digest.thread))
                }
            }
        }
        return writer.bytes
    }

    private func call(
        _ method: String, _ body: [UInt8], _ steps: inout [DeliveryStep]
    ) async throws(SlackRefusal) -> JSONValue {
        let key: String
        do throws(SecretFault) { key = try token.read() } catch {
            throw SlackRefusal(attempt: DeliveryAttempt(error, for: [""]))
        }
        let reply: HTTPReply
        do throws(TransferError) {
            reply = try await transfer.http(
                HTTPTransfer(
                    url: "\(api)/\(method)", method: "POST",
                    headers: [
                        ("Content-Type", "application/json; charset=utf-8"),
                        ("Authorization", "Bearer \(key)"),
                    ], body: body, deadline: deadline, maxBody: 1 << 20, tls: trust,
                    usesEnvironmentProxy: true))
        } catch {
            throw SlackRefusal(attempt: DeliveryAttempt(error, for: [""]))
        }
        guard reply.status == 200 else {
            throw SlackRefusal(attempt: DeliveryAttempt(reply, secrets: [key], for: [""]))
        }
        let limits = JSONLimits(maxBytes: 1 << 20, maxDepth: 32)
        let answer = try? JSONValue(parsing: reply.body, limits: limits)
        guard let answer, answer["ok"]?.bool == true else {
            throw SlackRefusal(method, answer?["error"]?.string ?? "an unreadable answer", reply)
        }
        steps += DeliveryStep.connection(reply.timings)
        steps.append(
            DeliveryStep(
                "\(method) answered after \(reply.duration.inWords)", succeeded: true, words: "ok"))
        return answer
    }
}
