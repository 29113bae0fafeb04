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
    ///   - untilShipped: Waits until the lines before a position are in the bucket; returns false if
    ///     that takes too long. nil without a bucket.
    ///   - onEnd: Called before the answer for each event that ends a run. Not for a notification
    ///     that was stored before: its end is in the log, with the time of its first receipt, and
    ///     `RunEndBook` applies it even if the first answer was lost.
    public static func routes(
        _ eventLog: EventLog, node: String, bodyLimit: Int,
        untilShipped: (@Sendable (LogPosition) async -> Bool)? = nil,
        onEnd: @escaping @Sendable (RunEnd) async -> Void = { _ in }
    ) -> [Route] {
        let ingester = HookIngester(
            eventLog: eventLog, node: node, bodyLimit: bodyLimit, untilShipped: untilShipped,
            onEnd: onEnd)
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

/// Reads a hook's body and stores its events.
private struct HookIngester: Sendable {
    let eventLog: EventLog
    let node: String
    let bodyLimit: Int
    let untilShipped: (@Sendable (LogPosition) async -> Bool)?
    let onEnd: @Sendable (RunEnd) async -> Void

    func take(
        _ exchange: Exchange, _ events: (JSONValue, Timestamp) throws(Problem) -> [Event]
    ) async throws -> Response {
        let payload = try await exchange.collectTree(limit: bodyLimit)
        return try await keep(events(payload, WallClock.system.now))
    }

    func takeFlagger(_ exchange: Exchange, token: String?) async throws -> Response {
        // A token in the path is verified before the body is read.
        if let token { _ = try await exchange.authenticate(token: token, for: .ingest) }
        if token != nil || exchange.identity != nil {
            return try await keep(
                FlaggerHook.events(exchange.collectTree(limit: bodyLimit), WallClock.system.now))
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
        return try await keep(FlaggerHook.events(payload, WallClock.system.now))
    }

    private func keep(_ events: [Event]) async throws -> Response {
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
        if let untilShipped, await !untilShipped(receipt.end) {
            throw Problem.retryLater(
                .serviceUnavailable, "bucket_away",
                "the events are stored here, but the bucket has not answered in time; send them again, they are stored once",
                after: .seconds(5))
        }
        var json = JSONWriter(capacity: 64)
        json.object { json in
            json.member("accepted", receipt.accepted)
            json.member("duplicates", receipt.duplicates)
        }
        return .bytes(json.bytes)
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
