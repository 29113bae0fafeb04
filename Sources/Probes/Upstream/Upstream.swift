import Core
import Events
import Secrets
import Synchronization
import Transfer

/// Sends a probe's HTTP requests to one address, with retries and a circuit breaker. Thread-safe.
final class Upstream: Sendable {
    /// Makes one request to the source's URL with `query` appended.
    typealias Attempt =
        @Sendable (_ query: String, _ allowance: Duration) async throws(MissingData) -> HTTPReply

    let source: HTTPSource
    private let policy: UpstreamPolicy
    private let clock: any Clock<Duration>
    private let stopwatch: Stopwatch
    private let circuit: Mutex<Circuit>
    private let attempt: Attempt

    convenience init(
        _ name: String, _ source: HTTPSource, _ engine: TransferEngine,
        _ policy: UpstreamPolicy, _ clock: any Clock<Duration>
    ) {
        let executor = BlockingExecutor("probe.\(name)")
        self.init(source, policy, clock) { (query, allowance) throws(MissingData) in
            let headers = try await executor.run { source.readHeaders() }.get()
            let transfer = HTTPTransfer(
                url: source.url + query, method: source.method, headers: headers,
                body: source.body,
                deadline: allowance, connectDeadline: allowance, maxBody: source.maxBody,
                tls: source.tls, identity: source.identity, maxRedirects: source.maxRedirects,
                readsToClose: source.readsToClose,
                usesEnvironmentProxy: source.usesEnvironmentProxy)
            do throws(TransferError) {
                return try await engine.http(transfer)
            } catch {
                throw MissingData(error)
            }
        }
    }

    init(
        _ source: HTTPSource, _ policy: UpstreamPolicy, _ clock: any Clock<Duration>,
        attempt: @escaping Attempt
    ) {
        self.source = source
        self.policy = policy
        self.clock = clock
        self.attempt = attempt
        stopwatch = Stopwatch(clock)
        circuit = Mutex(Circuit(failures: policy.circuitFailures, coolDown: policy.coolDown))
    }

    /// Returns the answer with any status.
    ///
    /// The policy, the retry budget and `allowance` limit the attempts.
    ///
    /// - Parameter query: Appended to the source's URL unchanged.
    func reply(
        _ query: String = "", within allowance: Duration
    ) async throws(MissingData) -> HTTPReply {
        guard circuit.withLock({ $0.admits(at: stopwatch.elapsed) }) else {
            throw MissingData(
                .circuitOpen, "left alone after \(policy.circuitFailures) failures in a row")
        }
        do throws(MissingData) {
            let reply = try await attempts(query, within: allowance)
            circuit.withLock { $0.succeeded() }
            return reply
        } catch {
            circuit.withLock { circuit in
                switch error.reason {
                case .cancelled, .fault: circuit.abandoned(at: stopwatch.elapsed)
                default: circuit.failed(at: stopwatch.elapsed)
                }
            }
            throw error
        }
    }

    /// Returns the content of an answer with an expected status; throws for others.
    func body(
        _ query: String = "", within allowance: Duration
    ) async throws(MissingData) -> [UInt8] {
        let reply = try await reply(query, within: allowance)
        guard source.accepts(reply.status) else { throw refusal(of: reply) }
        return try content(of: reply)
    }

    /// Returns the body without its content coding. Throws for a part of it (RFC 9110 §15.3.7), unless
    /// that status alone is expected.
    func content(of reply: HTTPReply) throws(MissingData) -> [UInt8] {
        guard reply.status != 206 || source.expectedStatuses.contains(206...206) else {
            throw MissingData(
                .garbage, "status 206, a part of the answer: a proxy or a header Range cuts it")
        }
        return try ContentDecoding.decoded(reply, atMost: source.maxBody)
    }

    /// The error for an answer with an unexpected status.
    func refusal(of reply: HTTPReply) -> MissingData {
        if source.isOfRollout, [404, 410].contains(reply.status) {
            return MissingData(.missingField, "status \(reply.status), nothing for this rollout")
        }
        guard let redirect = reply.redirect else {
            return MissingData(.badStatus, "status \(reply.status)")
        }
        let address = ShownText.url(redirect)
        return MissingData(
            .badStatus,
            reply.redirects > 0 && reply.redirects == source.maxRedirects
                ? "status \(reply.status), more than \(reply.redirects) redirects, the last to \(address)"
                : "status \(reply.status), moved to \(address): write that address in url")
    }

    private func attempts(
        _ query: String, within allowance: Duration
    ) async throws(MissingData) -> HTTPReply {
        let end = stopwatch.elapsed + allowance
        policy.budget.earn()
        var made = 0
        while true {
            let left = end - stopwatch.elapsed
            guard left > .zero else { throw MissingData(.timeout, "no time left for a request") }
            do throws(MissingData) {
                made += 1
                return try await attempt(query, min(policy.attempt, left))
            } catch {
                guard made < policy.attempts, mayRepeat(after: error) else { throw error }
                var generator = SystemRandomNumberGenerator()
                let wait = policy.wait(using: &generator)
                guard stopwatch.elapsed + wait < end, policy.budget.spend() else { throw error }
                do { try await clock.sleep(for: wait) } catch { throw MissingData(.cancelled) }
            }
        }
    }

    /// Whether to retry: only safe methods (RFC 9110 §9.2.1) and errors that may pass.
    private func mayRepeat(after absence: MissingData) -> Bool {
        guard ["GET", "HEAD", "OPTIONS"].contains(source.method) else { return false }
        switch absence.reason {
        case .timeout, .refused, .unresolved, .garbage: return true
        default: return false
        }
    }
}

extension HTTPSource {
    /// Reads the header values, including secrets. May block on a file.
    fileprivate func readHeaders() -> Result<[(String, String)], MissingData> {
        var read: [(String, String)] = []
        if !has(header: "accept-encoding") {
            read.append(("Accept-Encoding", ContentDecoding.accepted))
        }
        func add(_ name: String, _ value: () throws(SecretFault) -> String) -> MissingData? {
            do throws(SecretFault) {
                read.append((name, try value()))
                return nil
            } catch {
                return MissingData(.fault, "header \(name): \(error)")
            }
        }
        for header in headers {
            if let absence = add(header.name, header.value.read) { return .failure(absence) }
        }
        let absence: MissingData? =
            switch credential {
            case nil: nil
            case .bearer(let token):
                add("Authorization") { () throws(SecretFault) in "Bearer " + (try token.read()) }
            case .basic(let user, let password):
                add("Authorization") { () throws(SecretFault) in
                    let pair = "\(user):\(try password.read())"
                    return "Basic " + Base64.encode(pair.utf8)
                }
            }
        return absence.map { .failure($0) } ?? .success(read)
    }
}

extension MissingData {
    /// The reason for a failed transfer. The detail contains only host and port of the address.
    init(_ error: TransferError) {
        let reason: MissingDataReason =
            switch error.kind {
            case .resolve: .unresolved
            case .refused, .unreachable: .refused
            case .connectTimeout, .timeout: .timeout
            case .tls: .tls
            case .tooLarge: .tooLarge
            case .closed, .protocolFault: .garbage
            case .cancelled: .cancelled
            case .invalid, .internalFault: .fault
            }
        self.init(reason, "\(error.target): \(error.words)")
    }
}
