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
    /// - Throws: If the address of `listen.address` is not one that a client can connect to.
    public init(of settings: Settings, within deadline: Duration) async throws {
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
                    connectDeadline: deadline, tls: .insecure))
            isReady = reply.status == 200
            let document = try? JSONValue(parsing: reply.body, limits: .event)
            let status = document?["status"]?.string ?? "HTTP \(reply.status)"
            let failing = Self.checks(of: document).map { ": " + $0 } ?? ""
            description =
                "\(address.local) is \(isReady ? "ready" : "not ready") (\(status)\(failing))"
        } catch {
            isReady = false
            description = "\(address.local) does not answer: \(error)"
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
