import Foundation

/// A server that misbehaves on request; see `http_double.py` for its paths.
public final class HTTPDouble: Sendable {
    /// A request to `/echo`, which is also the response to it.
    public struct Request: Sendable, Decodable {
        public let method: String
        public let path: String
        /// Name and value, in order.
        public let headers: [[String]]
        public let body: String
        /// The number of the server's connection, from 1.
        public let connection: Int

        /// The first header with that name, ignoring case.
        public func header(_ name: String) -> String? {
            headers.first { $0[0].lowercased() == name.lowercased() }?[1]
        }
    }

    private let double: PythonDouble
    private let folder: TemporaryDirectory
    private let scheme: String

    private init(_ double: PythonDouble, _ folder: TemporaryDirectory, _ scheme: String) {
        self.double = double
        self.folder = folder
        self.scheme = scheme
    }

    /// - Parameters:
    ///   - clientCA: PEM file of an authority. If set, clients need a certificate of it.
    ///   - port: Of a server before, which this one replaces; 0 for any.
    public static func start(
        tls certificate: TestCertificate? = nil, clientCA: String? = nil, port: Int = 0
    ) async throws -> HTTPDouble {
        let folder = try TemporaryDirectory("http")
        var arguments = ["--record", folder.file("requests.jsonl"), "--port", String(port)]
        if let certificate {
            arguments += ["--certificate", certificate.certificate, "--key", certificate.key]
        }
        if let clientCA { arguments += ["--client-ca", clientCA] }
        return HTTPDouble(
            try await PythonDouble.start("http_double.py", arguments), folder,
            certificate == nil ? "http" : "https")
    }

    public var port: Int { double.port }

    public func url(_ path: String, host: String = "127.0.0.1") -> String {
        "\(scheme)://\(host):\(port)\(path)"
    }

    /// The requests to `/echo` so far, in order.
    public func requests() throws -> [Request] { try folder.records() }

    public func kill() { double.process.kill() }

    /// Kills the server and waits until its port is free.
    public func end() async throws {
        kill()
        _ = try await double.process.waitForExit()
    }
}
