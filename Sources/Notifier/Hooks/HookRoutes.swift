import Events
import HTTPTypes
import Hummingbird
import JSON
public import EventLog
import NIOCore
public import Server

/// `/v1/hooks/…`: what other systems tell about a rollout, as events of the log.
///
/// Each answer is 200 with one JSON object, given once the events are durable;
/// Argo sends from inside its reconciliation and must not wait for more. An
/// event's id is made of what it says, so that a sender that repeats itself,
/// as all three do, makes one event. Its time is that of receipt; times that
/// the sender gives are members of it.
public enum HookRoutes {
    /// Flagger's payloads are small, and one is read before its token is found in it.
    private static let flaggerLimit = 64 << 10

    /// - Parameters:
    ///   - node: The name of this node, which the events carry.
    ///   - bodyLimit: Bytes of one body.
    public static func routes(_ eventLog: EventLog, node: String, bodyLimit: Int) -> [Route] {
        let ingester = HookIngester(eventLog: eventLog, node: node, bodyLimit: bodyLimit)
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
            // Flagger can send no header of its own: the credential is in the
            // address's user part, in the path, or in the body.
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

/// Reads a hook's body and keeps its events.
private struct HookIngester: Sendable {
    let eventLog: EventLog
    let node: String
    let bodyLimit: Int

    func take(
        _ exchange: Exchange, _ events: (JSONValue, Timestamp) throws(Problem) -> [Event]
    ) async throws -> Response {
        let payload = try await exchange.collectTree(limit: bodyLimit)
        return try await keep(events(payload, WallClock.system.now))
    }

    func takeFlagger(_ exchange: Exchange, token: String?) async throws -> Response {
        // Nothing of a stranger is read that need not be.
        if let token { _ = try await exchange.authenticate(token: token, for: .ingest) }
        if token != nil || exchange.identity != nil {
            return try await keep(
                FlaggerHook.events(exchange.collectTree(limit: bodyLimit), WallClock.system.now))
        }
        // What is wrong with a body is told only to who has a token, and this one has to be in it.
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
        var json = JSONWriter(capacity: 64)
        json.object { json in
            json.member("accepted", receipt.accepted)
            json.member("duplicates", receipt.duplicates)
        }
        return .bytes(json.bytes)
    }
}

extension Exchange {
    /// Bytes of a tree for each byte of its text, at worst: an array of one-digit numbers.
    private static let treeFactor = 24

    /// The body as a tree, counted in the memory for callers.
    ///
    /// - Throws: 400 for a body that is not JSON.
    func collectTree(limit: Int) async throws(Problem) -> JSONValue {
        let body = try await collectBody()
        try reserve(Self.treeFactor *| body.readableBytes, for: .bodies)
        let bytes = body.readableBytesView
        do throws(JSONFault) {
            return try JSONValue(
                // Some programs write U+FEFF before JSON (RFC 8259 §8.1).
                parsing: Array(bytes.starts(with: "\u{FEFF}".utf8) ? bytes.dropFirst(3) : bytes),
                limits: JSONLimits(maxBytes: limit, maxDepth: 64))
        } catch {
            throw .malformed("body_malformed", "the body is not JSON: \(error)", field: "body")
        }
    }
}
