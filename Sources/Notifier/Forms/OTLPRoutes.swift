import Core
import Events
import HTTPTypes
import HummingbirdCore
import JSON
public import EventLog
public import Server

/// `POST /v1/logs`: ingests OTLP/HTTP logs in JSON and answers after they are stored.
///
/// The answers follow the OpenTelemetry Protocol: 200, with `partialSuccess` if records were
/// rejected. An error's problem document also has `code` and `message` of `google.rpc.Status`.
public enum OTLPRoutes {
    /// - Parameter bodyLimit: The maximum body size in bytes, before and after inflating.
    public static func routes(_ eventLog: EventLog, bodyLimit: Int) -> [Route] {
        [
            Route(
                .post, "/v1/logs", access: .requires(.ingest, by: [.bearer, .basic]),
                bodyLimit: bodyLimit, inflates: true, tier: .sender
            ) { exchange in
                do throws(Problem) {
                    return .bytes(document(try await take(exchange, eventLog, bodyLimit)))
                } catch {
                    var problem = error
                    problem.extensions += [
                        // 3 is INVALID_ARGUMENT; 14 is UNAVAILABLE, which clients retry.
                        .init("code", .number(error.status.code < 500 ? "3" : "14")),
                        .init("message", .string(error.detail)),
                    ]
                    throw problem
                }
            }
        ]
    }

    private static func take(
        _ exchange: Exchange, _ eventLog: EventLog, _ bodyLimit: Int
    ) async throws(Problem) -> IngestReceipt {
        let type = exchange.head.headerFields[.contentType] ?? ""
        guard !type.lowercased().contains("protobuf") else {
            throw Problem(
                .unsupportedMediaType, "media_type_unsupported",
                "OTLP is taken as JSON only: set OTEL_EXPORTER_OTLP_PROTOCOL=http/json, or encoding: "
                    + "json of the Collector's exporter otlphttp", field: "Content-Type")
        }
        let payload = try await exchange.collectTree(limit: bodyLimit)
        try exchange.reserve(OTLPLogs.count(payload) *| HookText.eventBytes, for: .bodies)
        let now = WallClock.system.now
        // A large request takes longer than a thread of the pool may be held.
        let lines = try await BlockingExecutor.bodies.run { () throws(Problem) in
            var lines: [UInt8] = []
            for event in try OTLPLogs.events(payload, now) {
                lines += HookText.fitting(event).line
                lines.append(UInt8(ascii: "\n"))
            }
            return lines
        }
        try exchange.reserve(lines.count, for: .bodies)
        do throws(EventLogError) {
            let body = try await eventLog.cutOutside(lines)
            return try await eventLog.ingest(body)
        } catch { throw Problem(log: error) }
    }

    private static func document(_ receipt: IngestReceipt) -> [UInt8] {
        var json = JSONWriter(capacity: 64)
        json.object { json in
            guard let first = receipt.rejected.first else { return }
            json.member(object: "partialSuccess") { json in
                json.member("rejectedLogRecords", String(receipt.rejectedTotal))
                json.member("errorMessage", "record \(first.line): \(first.error)")
            }
        }
        return json.bytes
    }
}
