import CCurl
import Core
import Synchronization
public import Telemetry

/// Runs outgoing transfers: HTTP in one libcurl multi handle on one thread, mail on own threads.
///
/// Callers suspend and do not block. Connections are kept and reused (HTTP/2 if TLS negotiates it).
/// Cancelling the calling task aborts its transfer: HTTP at once, mail within two seconds, unless
/// the server answers the message first. Each transfer has its own deadline, body limit and TLS
/// trust. Only http, https, smtp and smtps are supported. Thread-safe.
///
/// Transfers that must not wait for others need a separate engine: a node has one for its probes
/// and one for its deliveries.
public final class TransferEngine: Sendable {
    private let inbox = TransferInbox()
    private let mailThreads: MailThreads
    private let telemetry: Telemetry
    private let lastID = Atomic<UInt64>(0)

    private static let libcurlIsReady: Bool = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    /// The versions of the running libcurl and its libraries: `libcurl/7.88.1 OpenSSL/3.0.17 …`.
    public static var curlVersions: String { String(cString: curl_version()) }

    /// Whether libcurl resolves names outside the thread that serves all transfers.
    static var resolvesApart: Bool { ccurl_features() & CURL_VERSION_ASYNCHDNS != 0 }

    /// - Parameter connectionLifetime: The age in whole seconds after which a connection gets no
    ///   further request, so that renewed certificates and authorities are noticed.
    public convenience init(telemetry: Telemetry, connectionLifetime: Duration = .seconds(60)) {
        self.init(
            telemetry: telemetry, mailThreads: MailThreads(),
            connectionLifetime: connectionLifetime)
    }

    init(
        telemetry: Telemetry, mailThreads: MailThreads,
        connectionLifetime: Duration = .seconds(60)
    ) {
        self.telemetry = telemetry
        self.mailThreads = mailThreads
        guard Self.libcurlIsReady,
            let loop = TransferLoop(inbox, connectionLifetime: connectionLifetime)
        else { return }
        if !DedicatedThread.start("transfer", { loop.run() }) { inbox.close() }
    }

    deinit { shutdown() }

    /// Ends all transfers under way with `.cancelled`, and refuses new ones. Returns at once; the
    /// threads end shortly after.
    public func shutdown() {
        inbox.stop()
        mailThreads.stop()
    }

    /// Opens and closes a TCP connection. Returns the time to open it, including the name lookup.
    public func connect(
        host: String, port: Int, deadline: Duration
    ) async throws(TransferError) -> Duration {
        let endpoint = try Endpoint(scheme: "tcp", host: host, port: port)
        let finished = try await perform("connect", endpoint.target) {
            (exchange) throws(TransferError) in
            // With CONNECT_ONLY no protocol byte is sent.
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

    /// Returns the certificate of a TLS endpoint. Sends no request.
    ///
    /// Throws `.tls` if `trust` does not admit the certificate for the name; `.insecure` admits
    /// any.
    ///
    /// - Parameter name: The name for SNI and for the certificate check; nil for `host`.
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

    /// Sends one message to a mail server for all its recipients.
    ///
    /// Returns an outcome per recipient if the server answered, even if it refused. Throws if there
    /// was no answer; it is then unknown whether the message was delivered.
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

    /// Sends an order to the loop and waits for its result.
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
            // The flag covers the time before the order arrives, the command the time after.
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

/// A transfer on its way to the loop: its setup and its completion handler.
struct TransferOrder: Sendable {
    /// The label in metrics: `http`, `mail`, `connect`, `certificate`.
    let kind: String
    let target: String
    /// Set when the caller cancels the transfer, possibly before the order arrives.
    let called: CallOff
    /// Runs on the loop's thread.
    let prepare: @Sendable (EasyTransfer) throws(TransferError) -> Void
    /// Runs once, on the loop's thread or the caller's.
    let settle: @Sendable (Result<Finished, TransferError>) -> Void
}
