import Core
public import Events
import HTTPTypes
import HummingbirdCore
import JSON
public import EventLog
import NIOCore
public import Server

/// `/v1/hooks/…`: stores other systems' notifications about rollouts as events of the log.
///
/// A successful answer is 200 with one JSON object, sent after the events are stored. Argo sends
/// from its reconciliation loop, so nothing else delays the answer. An event's id is a hash of its
/// content: a notification that is sent again, as all three senders do, is stored once. The event's
/// time is the time of receipt; times from the sender are stored as members.
public enum HookRoutes {
    /// Small, as Flagger's payloads are: a body is read before the token in it is verified.
    private static let flaggerLimit = 64 << 10

    /// - Parameters:
    ///   - node: The name of this node, set on each event.
    ///   - bodyLimit: The maximum body size in bytes.
    ///   - answers: When a stored notification is answered.
    ///   - onEnd: Called before the answer for each event that ends a run. Not for a notification
    ///     that was stored before: its end is in the log, with the time of its first receipt, and
    ///     `RunEndBook` applies it even if the first answer was lost.
    public static func routes(
        _ eventLog: EventLog, node: String, bodyLimit: Int,
        answers: PostAnswers = .onDisk,
        onEnd: @escaping @Sendable (RunEnd) async -> Void = { _ in }
    ) -> [Route] {
        let ingester = HookIngester(
            eventLog: eventLog, node: node, bodyLimit: bodyLimit, answers: answers, onEnd: onEnd)
        return [
            Route(
                .post, "/v1/hooks/argo-notifications",
                access: .requires(.ingest, by: [.bearer, .basic]), bodyLimit: bodyLimit,
                tier: .sender
            ) { exchange in
                try await ingester.take(exchange, ArgoNotification.events)
            },
            Route(
                .post, "/v1/hooks/alertmanager",
                access: .requires(.ingest, by: [.bearer, .basic]), bodyLimit: bodyLimit,
                tier: .sender
            ) { exchange in
                try await ingester.take(exchange, AlertmanagerHook.events)
            },
            // Flagger cannot set headers of its own. The credential is in the URL's user part, in
            // the path, or in the body.
            Route(
                .post, "/v1/hooks/flagger",
                access: .optional(.ingest, by: [.bearer, .basic]),
                bodyLimit: min(bodyLimit, flaggerLimit), tier: .sender
            ) { exchange in
                try await ingester.takeFlagger(exchange, token: nil)
            },
            Route(
                .post, "/v1/hooks/flagger/{token}", access: .open,
                bodyLimit: min(bodyLimit, flaggerLimit), tier: .sender
            ) { exchange in
                try await ingester.takeFlagger(exchange, token: exchange.parameters["token"])
            },
        ]
    }
}

extension HookRoutes {
    /// The answer to a hook whose events are valid. `shed` is the number of those that the log
    /// dropped for lack of space, if there are any.
    static func document(_ receipt: IngestReceipt) -> [UInt8] {
        var json = JSONWriter(capacity: 64)
        json.object { json in
            json.member("accepted", receipt.accepted)
            json.member("duplicates", receipt.duplicates)
            if !receipt.shed.isEmpty { json.member("shed", receipt.shed.total) }
        }
        return json.bytes
    }
}

/// Reads a hook's body and stores its events.
private struct HookIngester: Sendable {
    let eventLog: EventLog
    let node: String
    let bodyLimit: Int
    let answers: PostAnswers
    let onEnd: @Sendable (RunEnd) async -> Void

    func take(
        _ exchange: Exchange, _ events: (JSONValue, Timestamp) throws(Problem) -> [Event]
    ) async throws -> Response {
        let payload = try await exchange.collectTree(limit: bodyLimit)
        let receipt = try await keep(events(payload, WallClock.system.now))
        return try await answer(receipt, exchange)
    }

    func takeFlagger(_ exchange: Exchange, token: String?) async throws -> Response {
        // A token in the path is verified before the body is read.
        if let token { _ = try await exchange.authenticate(token: token, for: .ingest) }
        if token != nil || exchange.identity != nil {
            let receipt = try await keep(
                FlaggerHook.events(exchange.collectTree(limit: bodyLimit), WallClock.system.now))
            return try await answer(receipt, exchange)
        }
        // Body faults are reported to authenticated callers only, and the token is inside this
        // body.
        guard let payload = try? await exchange.collectTree(limit: bodyLimit),
            let token = FlaggerHook.token(of: payload)
        else {
            throw Problem.unauthenticated(
                "credential_missing",
                "a token is needed: in the address's path or in metadata.token")
        }
        _ = try await exchange.authenticate(token: token, for: .ingest)
        let receipt = try await keep(FlaggerHook.events(payload, WallClock.system.now))
        return try await answer(receipt, exchange)
    }

    private func keep(_ events: [Event]) async throws -> IngestReceipt {
        var body: [UInt8] = []
        for event in events {
            var event = event
            event.node = node
            body += HookText.fitting(event).line
            body.append(UInt8(ascii: "\n"))
        }
        let receipt: IngestReceipt
        do throws(EventLogError) { receipt = try await eventLog.ingest(IngestBody(body)) } catch {
            throw Problem(log: error)
        }
        if let first = receipt.rejected.first {
            throw Problem.malformed(
                "event_rejected", "the payload makes no event: \(first.error)", field: "body")
        }
        // This receipt's time is not the end's: it would end the run that began since.
        if receipt.duplicates == 0 {
            for event in events { if let end = RunEnd(event) { await onEnd(end) } }
        }
        return receipt
    }

    private func answer(_ receipt: IngestReceipt, _ exchange: Exchange) async throws -> Response {
        try await answers.wait(for: receipt, of: exchange)
        return .bytes(HookRoutes.document(receipt))
    }
}

extension Exchange {
    /// The worst-case size of a tree per byte of its text: an array of one-digit numbers.
    private static let treeFactor = 24

    /// The body as a tree. Its estimated size is reserved in the memory budget.
    ///
    /// - Throws: 400 for a body that is not JSON.
    func collectTree(limit: Int) async throws(Problem) -> JSONValue {
        let body = try await collectBody()
        try reserve(Self.treeFactor *| body.readableBytes, for: .bodies)
        let parse = { @Sendable () throws(Problem) -> JSONValue in
            do throws(JSONFault) {
                return try JSONValue(
                    parsing: Array(body.readableBytesView),
                    limits: JSONLimits(maxBytes: limit, maxDepth: 64))
            } catch {
                throw .malformed("body_malformed", "the body is not JSON: \(error)", field: "body")
            }
        }
        guard body.readableBytes > EventLog.longBody else { return try parse() }
        return try await BlockingExecutor.bodies.run(parse)
    }
}
