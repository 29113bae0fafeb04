/// An authenticated caller. Contains no secret, so events and logs may include it.
public struct Identity: Sendable, Hashable {
    /// How the caller authenticated.
    public enum Proof: String, Sendable {
        case token
        case certificate
        case session
    }

    /// The id of the token, or `cert:` and the name of the client certificate.
    public let id: String
    /// The name that the token was created for, or the client certificate's name.
    public let name: String
    public let scopes: Set<Scope>
    public let proof: Proof
    /// Distinguishes the token from others with the same id, within this process; not a secret.
    public let instance: UInt64

    public init(
        id: String, name: String, scopes: Set<Scope>, proof: Proof, instance: UInt64 = 0
    ) {
        self.instance = instance
        self.id = id
        self.name = name
        self.scopes = scopes
        self.proof = proof
    }

    /// `admin` implies every scope.
    public func allows(_ scope: Scope) -> Bool {
        scopes.contains(scope) || scopes.contains(.admin)
    }
}
