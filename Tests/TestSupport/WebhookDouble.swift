import Foundation

/// Web services that receive digests, as strict as their vendors document; see
/// `webhook_double.py`.
public final class WebhookDouble: Sendable {
    public struct Request: Sendable, Decodable {
        public let service: String
        public let method: String
        public let path: String
        public let body: String
        public let status: Int
        /// The reason of a refusal; empty if the request was accepted.
        public let why: String
    }

    /// The credential that the services accept.
    public static let key = "sekretKey0123456789"

    private let double: PythonDouble
    private let folder: TemporaryDirectory

    private init(_ double: PythonDouble, _ folder: TemporaryDirectory) {
        self.double = double
        self.folder = folder
    }

    public static func start() async throws -> WebhookDouble {
        let folder = try TemporaryDirectory("webhooks")
        let double = try await PythonDouble.start(
            "webhook_double.py", ["--folder", folder.path])
        return WebhookDouble(double, folder)
    }

    public func url(_ path: String) -> String { "http://127.0.0.1:\(double.port)/\(path)" }

    /// Everything received so far, in order.
    public func requests() throws -> [Request] { try folder.records() }

    /// What the services remember, as JSON.
    public func state() throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: folder.file("state.json")))
    }
}
