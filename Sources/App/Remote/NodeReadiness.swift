import Core
import JSON
import Secrets
import Server
public import Settings
import Telemetry
import Transfer

/// Whether a node is ready to serve.
public struct NodeReadiness: Sendable {
    /// PEM files of a client certificate and its key.
    public typealias Identity = (certificate: String, key: String)

    public let isReady: Bool
    /// One line for a person.
    public let description: String

    /// Requests `/readyz` at the address that the configuration of a node on this machine listens
    /// on.
    ///
    /// The request contains no credential, so the certificate is not verified: it is often issued
    /// for another name than the local address.
    ///
    /// - Parameter identity: For a node whose `listen.tls.clients` requires a certificate.
    /// - Throws: If the address of `listen.address` is not one that a client can connect to.
    public init(
        of settings: Settings, within deadline: Duration, as identity: Identity? = nil
    ) async throws {
        let address = try ListenAddress(settings.listen)
        guard address.port > 0 else {
            throw ServerError(
                place: "listen.address", fault: "the system chooses the port at each start",
                remedy: "set a port")
        }
        let needs = [.certificate, .both].contains(settings.listen.tls.clients)
        await self.init(
            at: address.local, "https://\(address.local)", .insecure, within: deadline,
            as: identity,
            hint: needs ? " (listen.tls.clients: \(settings.listen.tls.clients.rawValue))" : nil)
    }

    /// Requests `/readyz` of a running node.
    ///
    /// The certificate is verified: another server's answer would say nothing about this node.
    ///
    /// - Parameters:
    ///   - url: `https://host:port`.
    ///   - caFile: PEM file of the authority, or the self-signed certificate itself; if empty, the
    ///     system's authorities.
    /// - Throws: If `url` is not an address.
    public init(
        url: String, caFile: String, within deadline: Duration, as identity: Identity? = nil
    ) async throws(RemoteNode.Fault) {
        let origin = try RemoteNode.origin(url)
        await self.init(
            at: ShownText.url(origin), origin, caFile.isEmpty ? .system : .file(caFile),
            within: deadline, as: identity, hint: nil)
    }

    /// - Parameters:
    ///   - name: The node's address for people.
    ///   - hint: The setting by which the node requires a client certificate; nil if it requires
    ///     none, or is not known to.
    private init(
        at name: String, _ origin: String, _ trust: TLSTrust, within deadline: Duration,
        as identity: Identity?, hint: String?
    ) async {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        do throws(TransferError) {
            let reply = try await engine.http(
                HTTPTransfer(
                    url: origin + "/readyz", deadline: deadline, connectDeadline: deadline,
                    tls: trust,
                    identity: identity.map {
                        TLSIdentity(certificate: $0.certificate, key: $0.key)
                    }))
            let document = try? JSONValue(parsing: reply.body, limits: .event)
            let status = document?["status"]?.string
            // A page of another server may have the status 200, too.
            isReady = reply.status == 200 && (status == "pass" || status == "warn")
            let failing = Self.checks(of: document).map { ": " + $0 } ?? ""
            let words =
                status.map { InertText.line($0, limit: 40) }
                ?? "HTTP \(reply.status), which is no health document"
            description = "\(name) is \(isReady ? "ready" : "not ready") (\(words)\(failing))"
        } catch {
            isReady = false
            let certificate =
                hint != nil && identity == nil && [.tls, .closed].contains(error.kind)
                ? ". The node requires a client certificate\(hint ?? ""): give "
                    + "--client-certificate and --client-key, or check that the port accepts a "
                    + "connection instead"
                : ""
            description = "\(name) does not answer: \(error)\(certificate)"
        }
    }

    /// The names of the checks that do not pass; nil if there are none.
    private static func checks(of document: JSONValue?) -> String? {
        guard case .object(let members)? = document?["checks"] else { return nil }
        let names = members.compactMap { member -> String? in
            guard case .array(let all) = member.value else { return nil }
            return all.allSatisfy { $0["status"]?.string == "pass" } ? nil : member.key
        }
        return names.isEmpty ? nil : names.joined(separator: ", ")
    }
}
