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

    public init(id: String, name: String, scopes: Set<Scope>, proof: Proof) {
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
