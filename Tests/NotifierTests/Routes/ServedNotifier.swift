import Events
import EventLog
import Server
import State
import Telemetry
import TestSupport
import Transfer

@testable import Notifier

/// A notifier's event routes on a real TLS port, over a real log.
final class ServedNotifier: Sendable {
    let folder: TemporaryDirectory
    let eventLog: EventLog
    let ingest: String
    let read: String
    private let engine = TransferEngine(telemetry: .silent)
    private let port: Int
    private let task: Task<Void, any Error>

    init(
        segmentBytes: Int = 64 << 20, maxBytes: Int = 1 << 30, shipped: ShippedLog? = nil,
        answers: PostAnswers = .onDisk, memory: Int = 64 << 20,
        onEnd: @escaping @Sendable (RunEnd) async -> Void = { _ in }
    ) async throws {
        folder = try TemporaryDirectory()
        eventLog = try await EventLog.open(
            Self.configuration(folder, segmentBytes: segmentBytes, maxBytes: maxBytes),
            telemetry: .silent)
        let store = try Store(path: folder.file("state.sqlite"))
        let tokens = try await TokenRegistry(store: store)
        ingest = try await tokens.create(name: "senders", scopes: [.ingest]).text
        read = try await tokens.create(name: "readers", scopes: [.read]).text
        let server = try HTTPServer(
            HTTPServerConfiguration(
                address: ListenAddress(host: "127.0.0.1", port: 0),
                tls: try SelfSignedCertificate.files(in: folder.file("tls"), names: ["127.0.0.1"]),
                limits: ServerLimits(memory: memory)),
            routes: IngestRoutes.routes(
                eventLog, bodyLimit: 1 << 20, answers: answers, shipped: { shipped })
                + OTLPRoutes.routes(eventLog, bodyLimit: 1 << 20, answers: answers)
                + EventRoutes.routes(eventLog)
                + HookRoutes.routes(
                    eventLog, node: "notifier", bodyLimit: 1 << 16, answers: answers,
                    onEnd: onEnd),
            tokens: tokens, telemetry: .silent)
        task = Task { try await server.run() }
        port = try await server.address.port
    }

    static func configuration(
        _ folder: TemporaryDirectory, segmentBytes: Int = 64 << 20, maxBytes: Int = 1 << 30
    ) -> EventLogConfiguration {
        EventLogConfiguration(
            directory: folder.file("log"), node: "notifier", maxBytes: maxBytes,
            segmentBytes: segmentBytes)
    }

    func stop() async {
        task.cancel()
        engine.shutdown()
        await eventLog.close()
    }

    func post(
        _ path: String, _ body: String, token: String? = nil, headers: [(String, String)] = [],
        type: String = "application/json"
    ) async throws -> HTTPReply {
        let credential = token.map { [("Authorization", "Bearer \($0)")] } ?? []
        return try await engine.http(
            HTTPTransfer(
                url: "https://127.0.0.1:\(port)" + path, method: "POST",
                headers: [("Content-Type", type)] + credential + headers,
                body: Array(body.utf8), tls: .insecure))
    }

    func get(_ path: String) async throws -> HTTPReply {
        try await engine.http(
            HTTPTransfer(
                url: "https://127.0.0.1:\(port)" + path, method: "GET",
                headers: [("Authorization", "Bearer \(read)")], body: [], tls: .insecure))
    }

    /// The message of each line of a log, in order.
    static func messages(_ eventLog: EventLog) async throws -> [String] {
        var reader = eventLog.reader(from: .start)
        var messages: [String] = []
        while true {
            let batch = try await reader.next(maxLines: 1000, maxBytes: 1 << 20)
            messages += try batch.lines.map { try Event(line: $0.bytes).message ?? "" }
            if batch.isCaughtUp { return messages }
        }
    }

    /// A line as a sender writes it.
    static func line(_ message: String, node: String = "gw-a1", id: String? = nil) -> String {
        let id = id.map { #""id":"\#($0)","# } ?? ""
        let now = WallClock.system.now.rfc3339
        return #"{"ts":"\#(now)",\#(id)"event":"x.y","node":"\#(node)","message":"\#(message)"}"#
    }
}
