/// Who is asking, once known. Holds no secret: fit for events and logs.
public struct Identity: Sendable, Hashable {
    /// How the caller proved it.
    public enum Proof: String, Sendable {
        case token
        case certificate
        case session
    }

    /// The id of the token that was shown, or a client certificate's name.
    public let id: String
    /// The name that the token was made for.
    public let name: String
    public let scopes: Set<Scope>
    public let proof: Proof
    /// Tells the token from others that had or get the same id, while the process lives; no secret.
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
