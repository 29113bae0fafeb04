import Events
import HTTPTypes

/// Decides who asks and whether they may.
struct Authenticator: Sendable {
    let tokens: TokenRegistry
    let clients: ClientCertificates
    let sessions: SessionSeal

    /// A refusal, and the id of the token that it is about, when it is one of ours.
    struct Refused: Error {
        let problem: Problem
        var id: String?
    }

    /// - Returns: Nil for a stranger where access is open or optional.
    func identify(
        _ head: HTTPRequest, _ connection: ConnectionFacts, _ access: Access
    ) async throws(Refused) -> Identity? {
        guard let scope = access.scope else { return nil }
        do throws(Refused) {
            let identity = try await prove(head, connection, access)
            guard identity.allows(scope) else {
                throw Refused(problem: .lacksScope(scope), id: identity.id)
            }
            return identity
        } catch {
            if access.isOptional { return nil }
            throw error
        }
    }

    func authenticate(token: String, for scope: Scope) async throws(Problem) -> Identity {
        do throws(Refused) {
            let identity = try await identity(token: token)
            guard identity.allows(scope) else { throw Refused(problem: .lacksScope(scope)) }
            return identity
        } catch { throw error.problem }
    }

    // MARK: - Proofs

    private func prove(
        _ head: HTTPRequest, _ connection: ConnectionFacts, _ access: Access
    ) async throws(Refused) -> Identity {
        let credential = Credential(head, schemes: access.schemes)
        switch clients.demand {
        case .token: return try await identity(credential)
        case .certificate: return try certificate(connection)
        case .both:
            _ = try certificate(connection)
            return try await identity(credential)
        case .either:
            if credential == .none, connection.clientNames != nil {
                return try certificate(connection)
            }
            return try await identity(credential)
        }
    }

    private func identity(_ credential: Credential) async throws(Refused) -> Identity {
        switch credential {
        case .none:
            throw Refused(
                problem: .unauthenticated("credential_missing", "a bearer token is needed"))
        case .malformed:
            throw Refused(
                problem: .unauthenticated(
                    "credential_malformed", "the Authorization header is not 'Bearer TOKEN'"))
        case .token(let token): return try await identity(token: token)
        case .session(let cookie):
            guard let session = sessions.open(cookie, at: tokens.clock.now),
                tokens.isActive(id: session.identity.id)
            else {
                throw Refused(
                    problem: .unauthenticated("session_expired", "the session ended; sign in again")
                )
            }
            return session.identity
        }
    }

    private func identity(token: String) async throws(Refused) -> Identity {
        switch await tokens.verify(token) {
        case .accepted(let identity): return identity
        case .refused(.unknown, let id):
            throw Refused(
                problem: .unauthenticated("token_unknown", "the token is not known"), id: id)
        case .refused(.expired, let id):
            throw Refused(
                problem: .unauthenticated("token_expired", "the token has expired"), id: id)
        case .refused(.revoked, let id):
            throw Refused(
                problem: .unauthenticated("token_revoked", "the token was revoked"), id: id)
        }
    }

    func certificate(_ connection: ConnectionFacts) throws(Refused) -> Identity {
        guard let names = connection.clientNames else {
            throw Refused(
                problem: .unauthenticated("certificate_missing", "a client certificate is needed"))
        }
        let allowed =
            clients.names.isEmpty ? names.first : names.first { clients.names.contains($0) }
        guard let name = allowed else {
            throw Refused(
                problem: Problem(
                    .forbidden, "client_name_refused",
                    "the client certificate carries none of the allowed names"),
                id: names.first.map { "cert:\($0)" })
        }
        return Identity(
            id: "cert:\(name)", name: name, scopes: clients.scopes, proof: .certificate)
    }
}
