import Events
import HTTPTypes

/// Identifies the caller of a request and checks its scopes.
struct Authenticator: Sendable {
    let tokens: TokenRegistry
    let clients: ClientCertificates
    /// Whether one of the client authorities in force signed a certificate.
    let trusts: @Sendable (ClientCertificate) -> Bool
    let sessions: SessionSeal

    /// A refusal, with the id of the token or certificate that it is about, if known.
    struct Refused: Error {
        let problem: Problem
        var id: String?
    }

    /// - Returns: Nil for an unauthenticated caller if access is open or optional.
    func identify(
        _ head: HTTPRequest, _ connection: ConnectionFacts, _ access: Access
    ) async throws(Refused) -> Identity? {
        guard let scope = access.scope else { return nil }
        do throws(Refused) {
            let identity =
                switch try prove(head, connection, access) {
                case .identity(let identity): identity
                case .token(let token): try await identity(token: token)
                }
            guard identity.allows(scope) else {
                throw Refused(problem: .lacksScope(scope), id: identity.id)
            }
            return identity
        } catch {
            if access.isOptional { return nil }
            throw error
        }
    }

    /// The identity, if it can be verified from memory and has the required scope. Nil if
    /// `identify` must decide. Never suspends.
    func identifyAtOnce(
        _ head: HTTPRequest, _ connection: ConnectionFacts, _ access: Access
    ) -> Identity? {
        guard let scope = access.scope, let proof = try? prove(head, connection, access) else {
            return nil
        }
        let identity =
            switch proof {
            case .identity(let identity): identity
            case .token(let token): tokens.known(token)
            }
        guard let identity, identity.allows(scope) else { return nil }
        return identity
    }

    func authenticate(token: String, for scope: Scope) async throws(Problem) -> Identity {
        do throws(Refused) {
            let identity = try await identity(token: token)
            guard identity.allows(scope) else { throw Refused(problem: .lacksScope(scope)) }
            return identity
        } catch { throw error.problem }
    }

    // MARK: - Proofs

    /// The credential of a request, as far as it can be verified without suspending.
    private enum Proof {
        case identity(Identity)
        /// Not verified yet.
        case token(String)
    }

    private func prove(
        _ head: HTTPRequest, _ connection: ConnectionFacts, _ access: Access
    ) throws(Refused) -> Proof {
        let credential = Credential(head, schemes: access.schemes)
        switch clients.demand {
        case .token: return try proof(credential)
        case .certificate: return .identity(try certificate(connection))
        case .both:
            _ = try certificate(connection)
            return try proof(credential)
        case .either:
            if credential == .none, connection.client != nil {
                return .identity(try certificate(connection))
            }
            return try proof(credential)
        }
    }

    private func proof(_ credential: Credential) throws(Refused) -> Proof {
        switch credential {
        case .none:
            throw Refused(
                problem: .unauthenticated("credential_missing", "a bearer token is needed"))
        case .malformed:
            throw Refused(
                problem: .unauthenticated(
                    "credential_malformed", "the Authorization header is not 'Bearer TOKEN'"))
        case .token(let token): return .token(token)
        case .session(let cookie):
            guard let session = sessions.open(cookie, at: tokens.clock.now),
                let identity = tokens.current(session.identity)
            else {
                throw Refused(
                    problem: .unauthenticated("session_expired", "the session ended; sign in again")
                )
            }
            return .identity(identity)
        }
    }

    /// Whether the credential of a long-running answer, such as a stream, is still valid.
    ///
    /// False if the token or session ended or its scopes changed, or if the certificate expired or
    /// is no longer trusted. Never suspends.
    func stillHolds(
        _ identity: Identity, _ head: HTTPRequest, _ connection: ConnectionFacts
    ) -> Bool {
        if clients.demand == .both || identity.proof == .certificate {
            guard (try? certificate(connection)) != nil else { return false }
        }
        switch identity.proof {
        case .certificate: return true
        case .token: return tokens.current(identity)?.scopes == identity.scopes
        case .session:
            guard let cookie = SessionCookie.value(in: head),
                sessions.open(cookie, at: tokens.clock.now) != nil
            else { return false }
            return tokens.current(identity)?.scopes == identity.scopes
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
        guard let client = connection.client else {
            throw Refused(
                problem: .unauthenticated("certificate_missing", "a client certificate is needed"))
        }
        let names = client.names
        try check(client, id: names.first.map { "cert:\($0)" })
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

    /// Checks again what may have changed since the handshake verified the certificate. For a
    /// resumed session that is the original handshake.
    private func check(_ client: ClientCertificate, id: String?) throws(Refused) {
        let now = tokens.clock.now
        guard client.notBefore <= now, now < client.notAfter else {
            throw Refused(
                problem: .unauthenticated(
                    "certificate_expired", "the client certificate is over; show a new one"),
                id: id)
        }
        guard client.isForClients else {
            throw Refused(
                problem: Problem(
                    .forbidden, "certificate_purpose",
                    "the client certificate is not for clients: its extended key usage must name clientAuth"
                ), id: id)
        }
        guard trusts(client) else {
            throw Refused(
                problem: .unauthenticated(
                    "certificate_untrusted",
                    "the client certificate's authority was taken away; connect again"), id: id)
        }
    }
}
