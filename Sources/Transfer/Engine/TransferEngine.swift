import CCurl
import Synchronization
public import Telemetry

/// Outgoing connections: HTTP side by side in one libcurl multi handle on one thread, each
/// conversation with a mail server on a thread of its own.
///
/// Callers suspend, they never block. Connections are kept and reused (HTTP/2 where TLS
/// agrees on it). Cancelling the calling task aborts its transfer: HTTP at once, mail within
/// two seconds, unless the server's answer to the message comes first. Thread-safe. A
/// deadline, a body limit and a TLS trust belong to each transfer; only http, https, smtp
/// and smtps are spoken. What must not wait for others has an engine of its own: a node has
/// one for its probes and one for what it delivers.
public final class TransferEngine: Sendable {
    private let inbox = TransferInbox()
    private let mailThreads: MailThreads
    private let telemetry: Telemetry
    private let lastID = Atomic<UInt64>(0)

    private static let libcurlIsReady: Bool = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    /// Whether libcurl looks names up away from the thread that serves all transfers.
    static var resolvesApart: Bool { ccurl_features() & CURL_VERSION_ASYNCHDNS != 0 }

    public convenience init(telemetry: Telemetry) {
        self.init(telemetry: telemetry, mailThreads: MailThreads())
    }

    init(telemetry: Telemetry, mailThreads: MailThreads) {
        self.telemetry = telemetry
        self.mailThreads = mailThreads
        guard Self.libcurlIsReady, let loop = TransferLoop(inbox) else { return }
        if !TransferThread.start(loop) { inbox.close() }
    }

    deinit { shutdown() }

    /// Ends every transfer under way with `.cancelled`, and takes no more.
    /// Returns at once; the threads end shortly after.
    public func shutdown() {
        inbox.stop()
        mailThreads.stop()
    }

    /// Opens a TCP connection and closes it. Returns how long the opening
    /// took, the name's look-up included.
    public func connect(
        host: String, port: Int, deadline: Duration
    ) async throws(TransferError) -> Duration {
        let endpoint = try Endpoint(scheme: "tcp", host: host, port: port)
        let finished = try await perform("connect", endpoint.target) {
            (exchange) throws(TransferError) in
            // CONNECT_ONLY stops before a byte of the protocol is spoken.
            try exchange.set(
                CURLOPT_URL, "http" + endpoint.target.dropFirst(endpoint.scheme.count))
            try exchange.set(CURLOPT_PROTOCOLS_STR, "http")
            try exchange.set(CURLOPT_CONNECT_ONLY, 1)
            try exchange.set(CURLOPT_CONNECTTIMEOUT_MS, deadline)
            try exchange.set(CURLOPT_TIMEOUT_MS, deadline)
        }
        if let fault = finished.fault(endpoint.target) { throw fault }
        return finished.timings.connected
    }

    /// The certificate that a TLS endpoint shows; nothing is said on the connection.
    ///
    /// Throws `.tls` when the certificate is not one that `trust` admits for
    /// the name: with `.insecure` any is told.
    ///
    /// - Parameter name: asked for (SNI) and expected in the certificate; nil
    ///   for the host.
    public func certificate(
        host: String, port: Int, name: String? = nil, trust: TLSTrust, deadline: Duration
    ) async throws(TransferError) -> ServerCertificate {
        let endpoint = try Endpoint(scheme: "tls", host: host, port: port)
        let named = try Endpoint(scheme: "tls", host: name ?? host, port: port)
        let finished = try await perform("certificate", endpoint.target) {
            (exchange) throws(TransferError) in
            let shown = { (target: String) in String(target.dropFirst("tls://".count)) }
            try exchange.set(CURLOPT_URL, "https://" + shown(named.target))
            try exchange.set(CURLOPT_PROTOCOLS_STR, "https")
            if named != endpoint {
                try exchange.set(
                    CURLOPT_CONNECT_TO, list: [shown(named.target) + ":" + shown(endpoint.target)])
            }
            try exchange.set(CURLOPT_CONNECT_ONLY, 1)
            try exchange.set(CURLOPT_CERTINFO, 1)
            try exchange.set(trust: trust)
            try exchange.set(CURLOPT_CONNECTTIMEOUT_MS, deadline)
            try exchange.set(CURLOPT_TIMEOUT_MS, deadline)
            exchange.keepsCertificate = true
        }
        if let fault = finished.fault(endpoint.target) { throw fault }
        guard let certificate = ServerCertificate(lines: finished.certificate) else {
            throw TransferError(
                .protocolFault, target: endpoint.target,
                words: "the certificate's end cannot be read")
        }
        return certificate
    }

    /// Hands one message to a mail server for all its recipients.
    ///
    /// Returns whenever the server has answered, also when it refused: the
    /// outcome is per recipient. Throws when no answer was had; then whether
    /// the message arrived is unknown.
    public func mail(_ transfer: MailTransfer) async throws(TransferError) -> MailReply {
        let endpoint = try transfer.validated()
        let lane = try mailThreads.take(
            "\(endpoint.target) \(transfer.username)", target: endpoint.target)
        defer { mailThreads.giveBack(lane) }
        let finished = try await perform("mail", endpoint.target, on: lane.inbox) {
            (exchange) throws(TransferError) in
            try transfer.prepare(exchange, endpoint)
        }
        return try MailReply(finished, transfer, endpoint)
    }

    /// Sends an order to the loop and waits for its end.
    func perform(
        _ kind: String, _ target: String, on own: TransferInbox? = nil,
        _ prepare: @escaping @Sendable (EasyTransfer) throws(TransferError) -> Void
    ) async throws(TransferError) -> Finished {
        let inbox = own ?? inbox
        let id = lastID.wrappingAdd(1, ordering: .relaxed).newValue
        let called = CallOff()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation {
                (continuation: CheckedContinuation<Result<Finished, TransferError>, Never>) in
                let order = TransferOrder(
                    kind: kind, target: target, called: called, prepare: prepare,
                    settle: { continuation.resume(returning: $0) })
                if !inbox.put(.start(id, order)) {
                    order.settle(
                        .failure(
                            TransferError(
                                .cancelled, target: target, words: "the engine was shut down")))
                }
            }
        } onCancel: {
            // Before the order arrives only the flag is seen, after it the command.
            called.set()
            _ = inbox.put(.callOff(id))
        }
        report(kind, target, result)
        return try result.get()
    }

    private func report(
        _ kind: String, _ target: String, _ result: Result<Finished, TransferError>
    ) {
        switch result {
        case .success(let finished):
            telemetry.emit(
                TransferEnded(
                    kind: kind, target: target, fault: finished.fault(target),
                    timings: finished.timings))
        case .failure(let error):
            telemetry.emit(
                TransferEnded(kind: kind, target: target, fault: error, timings: nil))
        }
    }
}
