import Delivery
import Events
import HTTPTypes
import Hummingbird
public import Journal
import NIOCore
import Rendering
public import Serving
public import Store

/// `/`: the status page for people, by sign-in with a token of scope `read`.
///
/// The session is a sealed cookie that scripts cannot read and other sites
/// cannot send; forms are taken from this origin only.
public struct StatusRoutes: Sendable {
    private let node: String
    private let journal: Journal
    private let store: Store
    private let sessions: SessionSeal
    private let wall: WallClock

    private static let sessionLife = Duration.seconds(8 * 3600)
    private static let shownAttempts = 50
    private static let shownDigests = 10

    /// - Parameter sessions: The server's own.
    public init(
        node: String, journal: Journal, store: Store, sessions: SessionSeal,
        wall: WallClock = .system
    ) {
        self.node = node
        self.journal = journal
        self.store = store
        self.sessions = sessions
        self.wall = wall
    }

    public var routes: [Route] {
        [
            Route(.get, "/", access: .optional(.read, by: [.session, .bearer])) { exchange in
                guard exchange.identity != nil else {
                    return Self.page(StatusPage.signIn(fault: nil))
                }
                return Self.page(try await page().html)
            },
            Route(.get, "/status.css", access: .open) { _ in
                .bytes(Array(StatusPage.style.utf8), contentType: "text/css; charset=utf-8")
            },
            Route(
                .post, "/sign-in", access: .open,
                media: ["application/x-www-form-urlencoded"], bodyLimit: 4096
            ) { exchange in
                try Self.checkOrigin(exchange)
                let body = String(buffer: try await exchange.collectBody())
                let identity = try await exchange.authenticate(
                    token: Self.field("token", of: body), for: .read)
                let cookie = SessionCookie.setting(
                    sessions.seal(identity, until: wall.now + Self.sessionLife),
                    maxAge: Self.sessionLife)
                return Self.page(try await page().html, cookie: cookie)
            },
            Route(.post, "/sign-out", access: .open, bodyLimit: 4096) { exchange in
                try Self.checkOrigin(exchange)
                return Self.page(
                    StatusPage.signIn(fault: "You are signed out."), cookie: SessionCookie.clear)
            },
        ]
    }

    private func page() async throws -> StatusPage {
        let lines = try await journal.last(
            Self.shownAttempts, query: JournalQuery(where: try Expression("event~analysis."))
        ).lines
        let events = lines.reversed().compactMap { try? Event(line: $0.bytes) }
        let (digests, counts) = try await store.read { db in
            (try Outbox.digests(db, limit: Self.shownDigests), try Outbox.counts(db))
        }
        let status = journal.status
        return StatusPage(
            node: node, now: wall.now, attempts: events,
            digests: digests.map { ($0.id, $0.subject, $0.composedAt, $0.text) },
            outbox: counts.filter { $0.value > 0 }.sorted { $0.key.rawValue < $1.key.rawValue }
                .map { ($0.key.rawValue, $0.value) },
            usedBytes: status.usedBytes, maxBytes: status.maxBytes,
            shedding: status.shedding?.rawValue)
    }

    private static func page(_ html: String, cookie: String? = nil) -> Response {
        var headers: HTTPFields = [
            .cacheControl: "no-store", .contentSecurityPolicy: policy,
            .xContentTypeOptions: "nosniff",
        ]
        if let cookie { headers[.setCookie] = cookie }
        return .bytes(
            Array(html.utf8), contentType: "text/html; charset=utf-8", headers: headers)
    }

    /// Nothing but this node's style sheet and forms, in nobody's frame.
    private static let policy =
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

    private static func checkOrigin(_ exchange: Exchange) throws(Problem) {
        guard SessionCookie.isSameOrigin(exchange.head) else {
            throw Problem(
                .forbidden, "origin_foreign", "this form is taken from this node's own page only",
                field: "Origin")
        }
    }

    /// A field of a form without what tokens never hold: percent-encoding.
    private static func field(_ name: String, of form: String) -> String {
        for pair in form.split(separator: "&") where pair.hasPrefix(name + "=") {
            return String(pair.dropFirst(name.utf8.count + 1))
        }
        return ""
    }
}
