import Foundation
import JSON
import Secrets
import Telemetry
import Transfer

/// A client of a running node, for commands that do not open its data folder.
public struct RemoteNode: Sendable {
    /// A failed request, described for a terminal.
    public struct Fault: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    private let url: String
    private let token: String
    private let trust: TLSTrust

    /// - Parameters:
    ///   - url: `https://host:port`.
    ///   - tokenFile: Its first line is the token.
    ///   - caFile: PEM file of the authority, or the self-signed certificate itself;
    ///     if empty, the system's authorities.
    public init(url: String, tokenFile: String, caFile: String) throws(Fault) {
        guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
            throw Fault(description: "--url takes https://host:port")
        }
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        do { token = try DataFolder.readSecret(tokenFile) } catch {
            throw Fault(description: error.description)
        }
        trust = caFile.isEmpty ? .system : .file(caFile)
    }

    public func get(_ path: String) async throws(Fault) -> [UInt8] {
        try await reply("GET", path, []).body
    }

    /// Posts one JSON object.
    public func post(_ path: String, _ body: [UInt8] = []) async throws(Fault) -> [UInt8] {
        try await reply("POST", path, body).body
    }

    func reply(
        _ method: String, _ path: String, _ body: [UInt8]
    ) async throws(Fault) -> HTTPReply {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        var headers = [("Authorization", "Bearer \(token)")]
        if !body.isEmpty { headers.append(("Content-Type", "application/json")) }
        let reply: HTTPReply
        do throws(TransferError) {
            reply = try await engine.http(
                HTTPTransfer(
                    url: url + path, method: method, headers: headers, body: body,
                    maxBody: 64 << 20, tls: trust))
        } catch { throw Fault(description: "\(error)") }
        guard reply.status == 200 else { throw Fault(description: words(of: reply)) }
        return reply
    }

    /// A `GET` whose body is passed to `take` as it arrives.
    func streaming(
        _ path: String, _ take: @escaping @Sendable (UnsafeRawBufferPointer) -> Bool
    ) async throws(TransferError) -> HTTPReply {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        return try await engine.http(
            HTTPTransfer(
                url: url + path, headers: [("Authorization", "Bearer \(token)")],
                deadline: .seconds(7 * 86_400), onBody: take, idleDeadline: .seconds(60),
                tls: trust))
    }

    /// Describes an answer other than 200.
    func words(of reply: HTTPReply) -> String {
        let problem = try? JSONValue(parsing: reply.body, limits: .event)
        let words = problem?["detail"]?.string ?? problem?["title"]?.string ?? ""
        return "\(ShownText.url(url)) answers \(reply.status): \(words)"
    }
}
