import Core
public import EventLog
public import Events
import HTTPTypes
import HummingbirdCore
import JSON
import NIOCore
public import Server

/// `POST /v1/events`: ingests events of other nodes and other senders; answers after they are
/// stored, by the rule of `PostAnswers`.
public enum IngestRoutes {
    /// - Parameters:
    ///   - bodyLimit: The maximum body size in bytes, before and after inflating.
    ///   - answers: When stored lines are answered.
    ///   - shipped: How far the log is in the bucket, for each receipt; nil if there is no bucket.
    public static func routes(
        _ eventLog: EventLog, bodyLimit: Int, answers: PostAnswers = .onDisk,
        shipped: @escaping @Sendable () -> ShippedLog? = { nil }
    ) -> [Route] {
        [
            Route(
                .post, "/v1/events", access: .requires(.ingest), bodyLimit: bodyLimit,
                inflates: true, tier: .sender
            ) { exchange in
                let receipt: IngestReceipt
                do {
                    let body = try await body(of: exchange, bodyLimit, for: eventLog)
                    try exchange.reserve(body.tableBytes, for: .bodies)
                    receipt = try await eventLog.ingest(body)
                } catch let error as EventLogError {
                    throw Problem(log: error)
                }
                guard receipt.accepted + receipt.duplicates + receipt.shed.total > 0 else {
                    throw nothingGood(receipt)
                }
                try await answers.wait(for: receipt, of: exchange)
                return .bytes(
                    document(receipt, eventLog.configuration.durability, shipped()))
            }
        ]
    }

    /// Reads the body by its `Content-Type`: CloudEvents, or any format that `IngestBody` accepts.
    private static func body(
        of exchange: Exchange, _ bodyLimit: Int, for eventLog: EventLog
    ) async throws -> IngestBody {
        let headers = exchange.head.headerFields
        let tree: JSONValue
        if CloudEvents.isForm(headers[.contentType]) {
            tree = try await exchange.collectTree(limit: bodyLimit)
        } else if CloudEvents.isBinary(headers) {
            let data = try await exchange.collectBytes()
            do throws(JSONFault) {
                tree = try CloudEvents.binary(headers, data)
            } catch {
                throw Problem.malformed(
                    "data_not_json", "the CloudEvent's data is not JSON: \(error)", field: "body")
            }
        } else {
            return try await eventLog.cutOutside(exchange.collectBytes())
        }
        let readings = CloudEvents.lines(tree, WallClock.system.now)
        var lines: [UInt8] = []
        for reading in readings {
            // An empty line keeps the numbers of the following lines correct.
            if case .success(let line) = reading { lines += line }
            lines.append(UInt8(ascii: "\n"))
        }
        var body = try await eventLog.cutOutside(lines)
        for (place, reading) in readings.enumerated() {
            if case .failure(let fault) = reading { body.reject(place + 1, fault) }
        }
        return body
    }

    private static func document(
        _ receipt: IngestReceipt, _ durability: EventLogConfiguration.Durability,
        _ shipped: ShippedLog?
    ) -> [UInt8] {
        var json = JSONWriter(capacity: 128)
        json.object { json in
            json.member("accepted", receipt.accepted)
            json.member("duplicates", receipt.duplicates)
            json.member(array: "rejected") { json in
                for rejection in receipt.rejected {
                    json.object { json in
                        json.member("line", rejection.line)
                        json.member("error", words(rejection.error))
                    }
                }
            }
            json.member("rejected_total", receipt.rejectedTotal)
            if !receipt.shed.isEmpty {
                json.key("shed")
                json.object { json in
                    for kind in LineKind.allCases where receipt.shed[kind] > 0 {
                        json.member(kind.name, receipt.shed[kind])
                    }
                }
            }
            switch durability {
            case .commit: json.member("durability", "commit")
            case .interval(let pause):
                json.member("durability", "interval:\(pause.wholeMilliseconds)ms")
            case .os: json.member("durability", "os")
            }
            if let shipped {
                json.member(object: "shipped") { json in
                    json.member("node", shipped.node)
                    json.member("term", Int(clamping: shipped.term))
                    json.member("end", "\(receipt.end)")
                    json.member("to", "\(shipped.to)")
                }
            }
        }
        return json.bytes
    }

    /// The maximum length of one rejected line's error text, in bytes.
    private static let longestWords = 400

    private static func words(_ fault: EventFault) -> String {
        fault.description.cut(to: longestWords, .utf8)
    }

    /// Why the body has no valid line and, if its format is the reason, what to change at the
    /// sender.
    private static func detail(_ receipt: IngestReceipt) -> String {
        guard let first = receipt.rejected.first else {
            return "the body holds no event; \(BodyFault.remedy)"
        }
        switch first.error {
        case .body(let fault): return "\(fault); \(BodyFault.remedy)"
        case .json(let fault):
            return
                "none of the lines is an event: line \(first.line): \(fault); \(BodyFault.remedy)"
        default:
            return "none of the lines is an event: line \(first.line): \(words(first.error))"
        }
    }

    /// 400 for a body without a valid line. It counts the rejected lines, so that a forwarder can
    /// see that every line was examined.
    private static func nothingGood(_ receipt: IngestReceipt) -> Problem {
        if !receipt.rejected.isEmpty, receipt.rejected.allSatisfy({ $0.error == .ownNode }) {
            // 409: a forwarder keeps its lines, and sends them again after one of the two nodes is
            // renamed.
            return Problem(
                .conflict, "node_name_taken",
                "every line bears this node's own name; give each node a name of its own",
                field: "node")
        }
        var problem = Problem.malformed("no_event_accepted", detail(receipt), field: "body")
        problem.extensions = [
            .init(
                "rejected",
                .array(
                    receipt.rejected.map { rejection in
                        .object([
                            .init("line", .number(String(rejection.line))),
                            .init("error", .string(words(rejection.error))),
                        ])
                    })),
            .init("rejected_total", .number(String(receipt.rejectedTotal))),
        ]
        return problem
    }
}

extension Problem {
    /// The log could not append the lines that were sent; none of them was acknowledged.
    ///
    /// 429 for a sender over its share of the log, else 503.
    init(log error: EventLogError) {
        switch error {
        case .busy:
            self = .retryLater(
                .serviceUnavailable, "log_busy", error.description, after: .seconds(1))
        case .shedding(let reason):
            self = .retryLater(
                .serviceUnavailable, "log_\(reason.rawValue)", error.description,
                after: .seconds(10))
        case .overShare:
            self = .retryLater(
                .tooManyRequests, "log_share_used", error.description, after: .seconds(60))
        default:
            self = .retryLater(
                .serviceUnavailable, "log_unavailable",
                "the log could not be made durable; nothing of this body was kept",
                after: .seconds(5))
        }
    }

    /// Runs a read of the log. A store of archives that cannot be read becomes 503, a count of too
    /// many values 400.
    static func reading<Result>(
        _ body: () async throws(EventLogError) -> Result
    ) async throws -> Result {
        do throws(EventLogError) { return try await body() } catch .store(let fault) {
            throw Problem.retryLater(
                .serviceUnavailable, "bucket_away", fault, after: .seconds(10))
        } catch .tooManyValues(let field) {
            throw Problem.malformed(
                "too_many_values", EventLogError.tooManyValues(field: field).description,
                field: "by")
        } catch { throw error }
    }
}

/// How far a node's log is in its bucket, as receipts report it.
///
/// A forwarder keeps lines until they are reported as shipped, and sends those that are not again
/// when the node or the term changes. So both must change when the positions belong to another log,
/// as after a restore.
public struct ShippedLog: Sendable, Equatable {
    public var node: String
    /// The term in which the node writes the bucket's log.
    public var term: UInt64
    /// Everything before this position of the node's log is in the bucket.
    public var to: LogPosition

    public init(node: String, term: UInt64, to: LogPosition) {
        self.node = node
        self.term = term
        self.to = to
    }
}
