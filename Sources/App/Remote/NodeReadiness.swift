import JSON
import Server
public import Settings
import Telemetry
import Transfer

/// Whether the node of a configuration, on this machine, is ready to serve.
public struct NodeReadiness: Sendable {
    public let isReady: Bool
    /// One line for a person.
    public let description: String

    /// Requests `/readyz` at the address that the configuration listens on.
    ///
    /// The request contains no credential, so the certificate is not verified: it is often issued
    /// for another name than the local address.
    ///
    /// - Parameter identity: PEM files of a client certificate and its key, for a node whose
    ///   `listen.tls.clients` requires one.
    /// - Throws: If the address of `listen.address` is not one that a client can connect to.
    public init(
        of settings: Settings, within deadline: Duration,
        as identity: (certificate: String, key: String)? = nil
    ) async throws {
        let address = try ListenAddress(settings.listen)
        guard address.port > 0 else {
            throw ServerError(
                place: "listen.address", fault: "the system chooses the port at each start",
                remedy: "set a port")
        }
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        do throws(TransferError) {
            let reply = try await engine.http(
                HTTPTransfer(
                    url: "https://\(address.local)/readyz", deadline: deadline,
                    connectDeadline: deadline, tls: .insecure,
                    identity: identity.map {
                        TLSIdentity(certificate: $0.certificate, key: $0.key)
                    }))
            isReady = reply.status == 200
            let document = try? JSONValue(parsing: reply.body, limits: .event)
            let status = document?["status"]?.string ?? "HTTP \(reply.status)"
            let failing = Self.checks(of: document).map { ": " + $0 } ?? ""
            description =
                "\(address.local) is \(isReady ? "ready" : "not ready") (\(status)\(failing))"
        } catch {
            isReady = false
            let needs = [.certificate, .both].contains(settings.listen.tls.clients)
            let certificate =
                needs && identity == nil && [.tls, .closed].contains(error.kind)
                ? ". The node requires a client certificate (listen.tls.clients: "
                    + "\(settings.listen.tls.clients.rawValue)): give --client-certificate and "
                    + "--client-key, or check that the port accepts a connection instead"
                : ""
            description = "\(address.local) does not answer: \(error)\(certificate)"
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
