import EventLog
import Events
import Secrets
import Telemetry
import Transfer

/// Sends batches to the notifier: chooses the address, adds the credential, compresses the body.
///
/// Thread-safe; one request at a time keeps the lines in order.
struct ForwardSender: Sendable {
    /// The answer to one request.
    struct Reply: Sendable {
        let answer: ForwardBatch.Answer
        /// The address that was asked, for people.
        var notifier = ""
        /// The time until an address may be tried again; nil if no address failed.
        var wait: Duration?
    }

    private let configuration: Forwarder.Configuration
    private let addresses: NotifierAddresses
    private let transfer: TransferEngine
    private let telemetry: Telemetry
    private let clock: any Clock<Duration>

    init(
        _ configuration: Forwarder.Configuration, transfer: TransferEngine, telemetry: Telemetry,
        clock: any Clock<Duration>
    ) {
        self.configuration = configuration
        addresses = NotifierAddresses(
            configuration.to, retry: configuration.retry, clock: clock)
        self.transfer = transfer
        self.telemetry = telemetry
        self.clock = clock
    }

    func send(_ batch: ForwardBatch) async -> Reply {
        guard let choice = addresses.choice else {
            return Reply(answer: .again(why: "there is no address to forward to"))
        }
        if choice.wait > .zero { try? await clock.sleep(for: choice.wait) }
        // The lines stay here until they are safe, so the next batch need not wait for the bucket.
        var headers = [
            ("Content-Type", "application/x-ndjson"),
            (AnswerPoint.header, AnswerPoint.disk.rawValue),
        ]
        if let token = configuration.token {
            do {
                headers.append(("Authorization", "Bearer \(try token.read())"))
            } catch {
                return Reply(answer: .again(why: "\(error)"))
            }
        }
        var body = batch.body
        if configuration.compress, let packed = await GzipBody.packed(body) {
            headers.append(("Content-Encoding", "gzip"))
            body = packed
        }
        telemetry.emit(ForwardRequested(plainBytes: batch.body.count, sentBytes: body.count))
        let shown = ShownText.url(choice.url)
        do throws(TransferError) {
            let reply = try await transfer.http(
                HTTPTransfer(
                    url: choice.url + "/v1/events", method: "POST", headers: headers,
                    body: body, deadline: configuration.deadline, maxBody: 1 << 20,
                    tls: configuration.trust))
            let answer = ForwardBatch.Answer(
                status: reply.status, body: reply.body, lines: batch.lines)
            guard case .again(let why) = answer else {
                // Also a name that is taken: the address answers, and another one would not help.
                addresses.succeeded(choice)
                return Reply(answer: answer, notifier: shown)
            }
            addresses.failed(
                choice, retryAfter: reply.retryAfter,
                redirect: reply.redirect,
                // 429 is the answer of a notifier that will accept the lines later.
                advances: reply.status != 429)
            return failed("\(shown) \(why)", shown)
        } catch {
            // A cancelled request is no evidence about the address.
            guard error.kind != .cancelled else { return Reply(answer: .again(why: "\(error)")) }
            addresses.failed(choice, retryAfter: nil, redirect: nil, advances: true)
            return failed("\(error)", shown)
        }
    }

    private func failed(_ why: String, _ shown: String) -> Reply {
        Reply(answer: .again(why: why), notifier: shown, wait: addresses.choice?.wait)
    }
}
