import Core
public import Events
import Synchronization

/// Issues and verifies the session cookies of signed-in browsers.
///
/// The cookie is `payload.tag`: identity and expiry, and their HMAC-SHA256 (RFC 2104) with a key
/// that lives as long as the process. Only ended sessions are kept in memory. A session ends at its
/// expiry, with its token, at sign-out, or with the process. Thread-safe.
public final class SessionSeal: Sendable {
    public struct Session: Sendable, Equatable {
        public let identity: Identity
        public let expires: Timestamp
    }

    private struct State {
        var key: HMACKey
        /// The tags of sessions that ended before the key was replaced.
        var ended: Set<[UInt8]> = []
    }

    private let state: Mutex<State>
    /// Beyond this many ended sessions a new key ends all sessions, which bounds the memory.
    private static let mostEnded = 10_000

    public init() { state = Mutex(State(key: .random())) }

    init(key: [UInt8]) { state = Mutex(State(key: HMACKey(key))) }

    private var key: HMACKey { state.withLock { $0.key } }

    /// Ends the session of a cookie that was sealed here; `open` then returns nil for it.
    public func end(_ cookie: String) {
        guard let tag = tag(of: cookie) else { return }
        state.withLock { state in
            state.ended.insert(tag)
            if state.ended.count > Self.mostEnded {
                state = State(key: .random())
            }
        }
    }

    /// The tag of a cookie that was sealed here; nil for any other cookie.
    private func tag(of cookie: String) -> [UInt8]? {
        let parts = cookie.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let shown = Base64.decodeURL(parts[1]),
            verifies(shown, "session", String(parts[0]))
        else { return nil }
        return shown
    }

    /// The cookie's value for a newly signed-in identity.
    public func seal(_ identity: Identity, until expires: Timestamp) -> String {
        let payload = [
            identity.id, identity.name, Scope.text(identity.scopes), String(expires.milliseconds),
            String(identity.instance), String(UInt64.random(in: .min ... .max)),
        ].joined(separator: "\n")
        let sealed = Base64.encodeURL(Array(payload.utf8))
        return sealed + "." + Base64.encodeURL(tag("session", sealed))
    }

    /// The session of a cookie; nil if the cookie is not ours, was changed, or the session ended.
    /// An expired session stays ended when the clock is set back.
    ///
    /// Whether the session's token is still valid must be checked with the registry.
    public func open(_ cookie: String, at now: Timestamp) -> Session? {
        guard let tag = tag(of: cookie), !state.withLock({ $0.ended.contains(tag) }),
            let payload = Base64.decodeURL(cookie.prefix { $0 != "." })
        else { return nil }
        let fields = String(decoding: payload, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        guard fields.count == 6, let milliseconds = Int64(fields[3]),
            let instance = UInt64(fields[4])
        else { return nil }
        guard milliseconds > now.milliseconds else {
            end(cookie)
            return nil
        }
        return Session(
            identity: Identity(
                id: String(fields[0]), name: String(fields[1]),
                scopes: Scope.parse(String(fields[2])), proof: .session, instance: instance),
            expires: Timestamp(milliseconds: milliseconds))
    }

    // MARK: - Forms

    /// The anti-CSRF token of this session's forms; a page of another site cannot read it.
    public func formToken(for cookie: String) -> String { Base64.encodeURL(tag("form", cookie)) }

    public func verifies(formToken: String, for cookie: String) -> Bool {
        Base64.decodeURL(formToken).map { verifies($0, "form", cookie) } ?? false
    }

    // MARK: - Tags

    private func message(_ purpose: String, _ text: String) -> [UInt8] {
        Array((purpose + "\0" + text).utf8)
    }

    private func tag(_ purpose: String, _ text: String) -> [UInt8] {
        key.code(for: message(purpose, text))
    }

    private func verifies(_ tag: [UInt8], _ purpose: String, _ text: String) -> Bool {
        key.verifies(tag, for: message(purpose, text))
    }
}
