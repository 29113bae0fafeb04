import JSON
import Secrets
import Server
public import Settings
import Telemetry
import Transfer

/// A client of a running node, for commands that do not open its data folder.
public struct RemoteNode: Sendable {
    /// A failed request, described for a terminal.
    public struct Fault: Error, Sendable, CustomStringConvertible {
        public let description: String
        /// Whether no answer came. A request that changes something may have taken effect.
        public let isUnreachable: Bool

        init(_ description: String, isUnreachable: Bool = false) {
            self.description = description
            self.isUnreachable = isUnreachable
        }
    }

    /// The node's address without a final slash.
    public let url: String
    private let token: String
    private let trust: TLSTrust
    /// libcurl's connect-to entry; nil resolves the host's name.
    private var connectTo: String?

    /// - Parameters:
    ///   - url: `https://host:port`.
    ///   - tokenFile: Its first line is the token.
    ///   - caFile: PEM file of the authority, or the self-signed certificate itself;
    ///     if empty, the system's authorities.
    public init(url: String, tokenFile: String, caFile: String) throws(Fault) {
        try self.init(url: url, tokenFile: tokenFile, caFile: caFile, token: nil)
    }

    private init(
        url: String, tokenFile: String, caFile: String, token given: String?
    ) throws(Fault) {
        self.url = try Self.origin(url)
        if let given {
            token = given
        } else {
            do { token = try DataFolder.readSecret(tokenFile) } catch {
                throw Fault(error.description)
            }
        }
        trust = caFile.isEmpty ? .system : .file(caFile)
    }

    /// The address without a final slash; throws for a text that is none.
    static func origin(_ url: String) throws(Fault) -> String {
        guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
            throw Fault("\(url) is not an address; write https://host:port")
        }
        return url.hasSuffix("/") ? String(url.dropLast()) : url
    }

    /// A client of the node that runs on a data folder of this machine.
    ///
    /// - Parameter token: Nil for the token `read` of the node's first start.
    public init(
        of settings: Settings, folder: DataFolder, token: String? = nil
    ) throws(Fault) {
        let tls = settings.listen.tls
        guard let endpoint = settings.listen.endpoint, endpoint.port != 0 else {
            throw Fault(
                "listen.address \(settings.listen.address) has no fixed port, so that its node cannot be found; use --url"
            )
        }
        let address = ListenAddress(host: endpoint.host, port: endpoint.port)
        // With `hosts`, the node answers to these names only, and its certificate is for them.
        let host = settings.listen.hosts.first
        try self.init(
            url: "https://" + (host.map { "\($0):\(endpoint.port)" } ?? address.local),
            tokenFile: folder.token("read"),
            caFile: tls.certificate.isEmpty ? folder.certificate : tls.certificate, token: token)
        connectTo = host.map { "\($0):\(endpoint.port):\(address.local)" }
    }

    /// A deadline for requests that make the node read its whole log.
    public static let wholeLog = Duration.seconds(600)

    public func get(
        _ path: String, within deadline: Duration = .seconds(10)
    ) async throws(Fault) -> [UInt8] {
        try await reply("GET", path, [], within: deadline).body
    }

    /// Posts one JSON object.
    public func post(_ path: String, _ body: [UInt8] = []) async throws(Fault) -> [UInt8] {
        try await reply("POST", path, body).body
    }

    func reply(
        _ method: String, _ path: String, _ body: [UInt8], headers more: [(String, String)] = [],
        within deadline: Duration = .seconds(10)
    ) async throws(Fault) -> HTTPReply {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        var headers = [("Authorization", "Bearer \(token)")]
        if !body.isEmpty { headers.append(("Content-Type", "application/json")) }
        headers.append(contentsOf: more)
        let reply: HTTPReply
        do throws(TransferError) {
            reply = try await engine.http(
                HTTPTransfer(
                    url: url + path, method: method, headers: headers, body: body,
                    deadline: deadline, maxBody: 64 << 20, tls: trust, connectTo: connectTo))
        } catch { throw Fault("\(error)", isUnreachable: true) }
        guard reply.status == 200 else { throw Fault(words(of: reply)) }
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
                tls: trust, connectTo: connectTo))
    }

    /// Describes an answer other than 200.
    func words(of reply: HTTPReply) -> String {
        let problem = try? JSONValue(parsing: reply.body, limits: .event)
        let words = problem?["detail"]?.string ?? problem?["title"]?.string ?? ""
        return "\(ShownText.url(url)) answers \(reply.status): \(words)"
    }
}
