import Crypto
public import Events

/// Signed-in browsers: what their cookie says, sealed so that nobody else can say it.
///
/// The cookie is `payload.tag`: who signed in and until when, and HMAC-SHA256
/// over it (RFC 2104) with a key that lives as long as the process. Nothing is
/// stored; a session ends with its time, with its token, or with the process.
public struct SessionSeal: Sendable {
    public struct Session: Sendable, Equatable {
        public let identity: Identity
        public let expires: Timestamp
    }

    private let key: SymmetricKey

    public init() { key = SymmetricKey(size: .bits256) }

    init(key: [UInt8]) { self.key = SymmetricKey(data: key) }

    /// The cookie's value for who just showed a token.
    public func seal(_ identity: Identity, until expires: Timestamp) -> String {
        let payload = [
            identity.id, identity.name, Scope.text(identity.scopes), String(expires.milliseconds),
        ].joined(separator: "\n")
        let sealed = Base64URL.encode(Array(payload.utf8))
        return sealed + "." + Base64URL.encode(tag("session", sealed))
    }

    /// Who holds the cookie; nil when it is not ours, was changed or is over.
    ///
    /// Whether the token behind it still stands is asked of the registry.
    public func open(_ cookie: String, at now: Timestamp) -> Session? {
        let parts = cookie.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let shown = Base64URL.decode(parts[1]),
            verifies(shown, "session", String(parts[0])),
            let payload = Base64URL.decode(parts[0])
        else { return nil }
        let fields = String(decoding: payload, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        guard fields.count == 4, let milliseconds = Int64(fields[3]),
            milliseconds > now.milliseconds
        else { return nil }
        return Session(
            identity: Identity(
                id: String(fields[0]), name: String(fields[1]),
                scopes: Scope.parse(String(fields[2])), proof: .session),
            expires: Timestamp(milliseconds: milliseconds))
    }

    // MARK: - Forms

    /// What a form of this session must carry: a page of another site cannot know it.
    public func formToken(for cookie: String) -> String { Base64URL.encode(tag("form", cookie)) }

    public func verifies(formToken: String, for cookie: String) -> Bool {
        Base64URL.decode(formToken).map { verifies($0, "form", cookie) } ?? false
    }

    // MARK: - Tags

    private func message(_ purpose: String, _ text: String) -> [UInt8] {
        Array((purpose + "\0" + text).utf8)
    }

    private func tag(_ purpose: String, _ text: String) -> [UInt8] {
        Array(
            HMAC<SHA256>.authenticationCode(for: message(purpose, text), using: key))
    }

    /// In constant time, as swift-crypto promises.
    private func verifies(_ tag: [UInt8], _ purpose: String, _ text: String) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(
            tag, authenticating: message(purpose, text), using: key)
    }
}
