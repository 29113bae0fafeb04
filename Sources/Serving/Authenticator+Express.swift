extension Authenticator {
    /// Who asks, when that is certain from what is in memory: by a known bearer
    /// token, by a certificate, by both, as the server demands. nil sends the
    /// question to `identify`.
    ///
    /// - Parameter authorization: The header's value.
    func identifyAtOnce(
        authorization: UnsafeRawBufferPointer?, _ connection: ConnectionFacts, _ access: Access
    ) -> Identity? {
        guard let scope = access.scope, let identity = proven(authorization, connection, access),
            identity.allows(scope)
        else { return nil }
        return identity
    }

    private func proven(
        _ authorization: UnsafeRawBufferPointer?, _ connection: ConnectionFacts, _ access: Access
    ) -> Identity? {
        let byToken = authorization.flatMap { known($0, access) }
        switch clients.demand {
        case .token: return byToken
        case .either:
            return authorization == nil ? try? certificate(connection) : byToken
        case .certificate: return try? certificate(connection)
        case .both: return (try? certificate(connection)) == nil ? nil : byToken
        }
    }

    private func known(_ header: UnsafeRawBufferPointer, _ access: Access) -> Identity? {
        let scheme = 0..<7
        guard access.schemes.contains(.bearer), header.count > scheme.count,
            header.count <= scheme.count + Credential.longest, header.equals("bearer ", scheme)
        else { return nil }
        return tokens.known(UnsafeRawBufferPointer(rebasing: header[scheme.count...]))
    }
}
