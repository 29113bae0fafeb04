import Foundation

/// A strict Slack incoming webhook that records everything.
public final class SlackDouble: Sendable {
    public struct Request: Sendable, Decodable {
        public let index: Int
        public let method: String
        public let path: String
        public let headers: [String: String]
        public let body: String
        /// The status of the response; 0 if the connection was closed without one.
        public let status: Int
        public let answer: String
        /// The reason of a refusal; empty if the request was accepted.
        public let why: String
        public let peer_port: Int
        public let received_ms: Int
    }

    /// A scripted response that replaces the regular one.
    public struct Answer: Sendable, Encodable {
        public var status: Int
        public var body: String
        public var headers: [String: String]
        /// Seconds of silence before the connection is closed without a response.
        public var hang: Double

        public init(
            _ status: Int = 200, _ body: String = "", headers: [String: String] = [:],
            hang: Double = 0
        ) {
            self.status = status
            self.body = body
            self.headers = headers
            self.hang = hang
        }
    }

    private let double: PythonDouble
    private let folder: TemporaryDirectory
    public let key: String

    private init(_ double: PythonDouble, _ folder: TemporaryDirectory, _ key: String) {
        self.double = double
        self.folder = folder
        self.key = key
    }

    /// Starts a double of the two Web API methods that a bot uses, below `apiURL`.
    public static func startAPI(
        token: String = "xoxb-sekret-0123456789", script: [Answer?] = []
    ) async throws -> SlackDouble {
        let folder = try TemporaryDirectory("slack-api")
        try write(script, in: folder)
        let double = try await PythonDouble.start(
            "slack_api_double.py", ["--folder", folder.path, "--key", token])
        return SlackDouble(double, folder, token)
    }

    public var apiURL: String { "http://127.0.0.1:\(port)/api" }

    /// A message as currently shown in the channel.
    public struct Message: Sendable, Decodable {
        public struct Metadata: Sendable, Decodable {
            public let event_payload: [String: String]
        }
        public let ts: String
        public let thread_ts: String?
        public let text: String
        public let edits: Int
        public let reply_broadcast: Bool?
        public let metadata: Metadata
    }

    public func messages() throws -> [Message] {
        let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("messages.json")))
        return try JSONDecoder().decode([Message].self, from: data)
    }

    public static func start(
        key: String = "sekretKey0123456789", script: [Answer?] = []
    ) async throws -> SlackDouble {
        let folder = try TemporaryDirectory("slack")
        try write(script, in: folder)
        let double = try await PythonDouble.start(
            "slack_double.py", ["--folder", folder.path, "--key", key])
        return SlackDouble(double, folder, key)
    }

    public var port: Int { double.port }
    public var url: String { "http://127.0.0.1:\(port)/services/T0/B0/\(key)" }

    /// Sets response n for request n, counted from the start; nil is the regular one.
    public func script(_ answers: [Answer?]) throws { try Self.write(answers, in: folder) }

    private static func write(_ answers: [Answer?], in folder: TemporaryDirectory) throws {
        try JSONEncoder().encode(answers)
            .write(to: URL(fileURLWithPath: folder.file("script.json")), options: .atomic)
    }

    /// Everything received so far, in order.
    public func requests() throws -> [Request] { try folder.records() }

    public func kill() { double.process.kill() }
}
