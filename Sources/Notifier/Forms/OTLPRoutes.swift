import Core
import Events
import HTTPTypes
import HummingbirdCore
import JSON
public import EventLog
public import Server

/// `POST /v1/logs`: ingests OTLP/HTTP logs in JSON and answers after they are stored, by the rule of
/// `PostAnswers`.
///
/// The answers follow the OpenTelemetry Protocol: 200, with `partialSuccess` if records were
/// rejected or shed. An error's problem document also has `code` and `message` of `google.rpc.Status`.
public enum OTLPRoutes {
    /// - Parameters:
    ///   - bodyLimit: The maximum body size in bytes, before and after inflating.
    ///   - answers: When stored records are answered.
    public static func routes(
        _ eventLog: EventLog, bodyLimit: Int, answers: PostAnswers = .onDisk
    ) -> [Route] {
        [
            Route(
                .post, "/v1/logs", access: .requires(.ingest, by: [.bearer, .basic]),
                bodyLimit: bodyLimit, inflates: true, tier: .sender
            ) { exchange in
                do throws(Problem) {
                    let receipt = try await take(exchange, eventLog, bodyLimit)
                    try await answers.wait(for: receipt, of: exchange)
                    return .bytes(document(receipt))
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

    static func document(_ receipt: IngestReceipt) -> [UInt8] {
        var reasons = receipt.rejected.first.map { ["record \($0.line): \($0.error)"] } ?? []
        let shed = receipt.shed.total
        if shed > 0 { reasons.append("the log is short of space and dropped \(shed) records") }
        var json = JSONWriter(capacity: 64)
        json.object { json in
            guard !reasons.isEmpty else { return }
            json.member(object: "partialSuccess") { json in
                json.member("rejectedLogRecords", String(receipt.rejectedTotal +| shed))
                json.member("errorMessage", reasons.joined(separator: "; "))
            }
        }
        return json.bytes
    }
}
