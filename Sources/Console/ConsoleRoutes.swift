public import Delivery
public import Digests
public import Events
import HTTPTypes
import HummingbirdCore
public import EventLog
import NIOCore
public import Notifier
import Rendering
public import Server
import ServiceLifecycle
import State

/// `/`: the status page, for people who sign in with a token of scope `read`.
///
/// The session is a sealed cookie that scripts cannot read and other sites cannot send. Forms
/// are accepted only from this origin. A change also needs the scope `admin` and a form token
/// that only pages of this session contain.
public struct ConsoleRoutes: Sendable {
    /// Data of other modules that the page shows.
    public struct Sources: Sendable {
        public var node: NodeFacts
        /// Whether this node composes and sends digests.
        public var isNotifier: Bool
        public var probes: @Sendable () -> [ProbeStatusView]
        /// nil when this node forwards nothing.
        public var forward: (@Sendable () -> ForwardStatusView)?
        /// The gateways that forward to this node.
        public var gateways: @Sendable () -> [KnownGateway]
        /// nil when this node composes no digests.
        public var actions: OperatorActions?
        /// Why no digest is composed; empty when there is no fault.
        public var digestFault: @Sendable () -> String
        public var incidents: @Sendable () -> [OpenIncident]
        public var receivers: @Sendable () -> [DeliveryService.ReceiverState]
        /// Called after a delivery was made due.
        public var wake: @Sendable () -> Void

        public init(
            node: NodeFacts, isNotifier: Bool, probes: @escaping @Sendable () -> [ProbeStatusView],
            forward: (@Sendable () -> ForwardStatusView)?,
            gateways: @escaping @Sendable () -> [KnownGateway], actions: OperatorActions?,
            digestFault: @escaping @Sendable () -> String,
            incidents: @escaping @Sendable () -> [OpenIncident],
            receivers: @escaping @Sendable () -> [DeliveryService.ReceiverState],
            wake: @escaping @Sendable () -> Void
        ) {
            self.node = node
            self.isNotifier = isNotifier
            self.probes = probes
            self.forward = forward
            self.gateways = gateways
            self.actions = actions
            self.digestFault = digestFault
            self.incidents = incidents
            self.receivers = receivers
            self.wake = wake
        }
    }

    let sources: Sources
    let eventLog: EventLog
    let store: Store
    let decisions: DecisionLog
    let keeper: BoardService
    let sessions: SessionSeal
    let wall: WallClock

    private static let sessionLife = Duration.seconds(8 * 3600)
    /// Memory for composing a page.
    static let pageMemory = 8 << 20

    /// - Parameter sessions: The server's session seal.
    public init(
        _ sources: Sources, eventLog: EventLog, decisions: DecisionLog, keeper: BoardService,
        sessions: SessionSeal, wall: WallClock = .system
    ) {
        self.sources = sources
        self.eventLog = eventLog
        self.decisions = decisions
        store = decisions.store
        self.keeper = keeper
        self.sessions = sessions
        self.wall = wall
    }

    public var routes: [Route] { pageRoutes + formRoutes }

    private var pageRoutes: [Route] {
        let look = Access.optional(.read, by: [.session, .bearer])
        return [
            Route(.get, "/", access: look) { exchange in
                guard let viewer = viewer(exchange) else { return signInForm(exchange) }
                let place = try exchange.beginQuery(memory: Self.pageMemory)
                defer { place.end() }
                return ConsoleAnswer.page(OverviewPage(view: try await view(viewer)).html)
            },
            Route(.get, "/v1/status", access: .requires(.read)) { exchange in
                let place = try exchange.beginQuery(memory: Self.pageMemory)
                defer { place.end() }
                let view = try await view(Viewer(name: "", formToken: "", mayChange: false))
                return .bytes(
                    StatusDocument(view: view).bytes, headers: [.cacheControl: "no-store"])
            },
            Route(.get, "/attempts/{id}", access: look) { exchange in
                guard let viewer = viewer(exchange) else { return signInForm(exchange) }
                let place = try exchange.beginQuery(memory: QueryPlace.logMemory)
                defer { place.end() }
                return try await attempt(exchange.parameters["id"] ?? "", viewer)
            },
            Route(.get, "/digests/{id}", access: look) { exchange in
                guard let viewer = viewer(exchange) else { return signInForm(exchange) }
                let place = try exchange.beginQuery(memory: Self.pageMemory)
                defer { place.end() }
                return try await digest(exchange.parameters["id"] ?? "", viewer)
            },
            Route(
                .get, "/digests/{id}/html", access: .requires(.read, by: [.session, .bearer])
            ) { exchange in
                ConsoleAnswer.sandboxed(try await rendered(exchange.parameters["id"] ?? "").html)
            },
            Route(
                .get, "/status/events", access: .requires(.read, by: [.session, .bearer])
            ) { exchange in try events(exchange) },
            Route(
                .post, "/outbox/{id}/retry", access: .requires(.admin, by: [.session]),
                media: [ConsoleForm.mediaType], bodyLimit: ConsoleForm.limit
            ) { exchange in try await retry(exchange) },
            Route(
                .post, "/sign-in", access: .open, media: [ConsoleForm.mediaType],
                bodyLimit: ConsoleForm.limit
            ) { exchange in try await signIn(exchange) },
            Route(.post, "/sign-out", access: .open, bodyLimit: 4096) { exchange in
                try ConsoleForm.checkOrigin(exchange)
                if let cookie = SessionCookie.value(in: exchange.head) { sessions.end(cookie) }
                return ConsoleAnswer.page(
                    SignInPage(node: sources.node, notice: "You are signed out.").html,
                    cookie: SessionCookie.clear)
            },
            ConsoleAnswer.asset("/status.css", "text/css; charset=utf-8", StatusStyle.text),
            ConsoleAnswer.asset("/status.js", "text/javascript; charset=utf-8", StatusScript.text),
            ConsoleAnswer.asset("/status.svg", "image/svg+xml", StatusScript.icon),
        ]
    }

    // MARK: - Sessions

    func viewer(_ exchange: Exchange) -> Viewer? {
        guard let identity = exchange.identity else { return nil }
        // A caller with a token in a header has no session and cannot send forms.
        let cookie = identity.proof == .session ? SessionCookie.value(in: exchange.head) : nil
        return Viewer(
            name: identity.name, formToken: cookie.map(sessions.formToken) ?? "",
            mayChange: cookie != nil && identity.allows(.admin))
    }

    /// The answer to a caller who is not signed in. Somebody who follows a link from another site may be signed in:
    /// the browser sends the cookie only from our own page, so that page comes again by itself.
    func signInForm(_ exchange: Exchange) -> Response {
        if SessionCookie.value(in: exchange.head) == nil, SessionCookie.isFromAfar(exchange.head) {
            return ConsoleAnswer.page(
                ReturnPage(node: sources.node, path: OwnPath.of(exchange)).html)
        }
        return ConsoleAnswer.page(SignInPage(node: sources.node, to: OwnPath.of(exchange)).html)
    }

    private func signIn(_ exchange: Exchange) async throws -> Response {
        let form = try await ConsoleForm(exchange)
        let path = OwnPath.checked(form["to"])
        let identity: Identity
        do throws(Problem) {
            identity = try await exchange.authenticate(token: form["token"], for: .read)
        } catch {
            var problem = error
            let words =
                problem.status == .forbidden
                ? "This token is valid, but lacks the scope read."
                : "This is not a token of this node, or it has expired or was revoked."
            problem.page =
                SignInPage(node: sources.node, notice: words, isFault: true, to: path).html.bytes
            problem.headers = ConsoleAnswer.headers
            throw problem
        }
        let cookie = SessionCookie.setting(
            sessions.seal(identity, until: wall.now + Self.sessionLife), maxAge: Self.sessionLife)
        return ConsoleAnswer.go(to: path, cookie: cookie)
    }

    // MARK: - Showing

    private func view(_ viewer: Viewer) async throws -> ConsoleView {
        let present = await keeper.look()
        let now = wall.now
        return ConsoleView(
            node: sources.node, viewer: viewer, now: now, board: present.board,
            version: present.version, log: eventLog.status, space: await eventLog.space(),
            probes: sources.probes(), forward: sources.forward?(),
            deliveries: sources.isNotifier
                ? try await store.read { db in try ConsoleView.Deliveries(db, at: now) } : nil,
            gateways: sources.gateways(), digestFault: sources.digestFault(),
            incidents: sources.incidents(),
            receivers: sources.receivers())
    }

    private func attempt(_ id: String, _ viewer: Viewer) async throws -> Response {
        let unknown = Problem(
            .notFound, "attempt_unknown", "the log holds no event with this id", field: "id")
        guard (1...200).contains(id.utf8.count), id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw unknown }
        let query = EventLogQuery(where: .equal("id", id))
        var line: EventLogLine?
        if let known = keeper.present.board.attempt(event: id) {
            var reader = eventLog.reader(from: known.from, query: query)
            line = try await reader.next(maxLines: 1).lines.first
        }
        if line == nil { line = try await eventLog.last(1, query: query).lines.first }
        guard let line else { throw unknown }
        let (node, now) = (sources.node, wall.now)
        let shown = await eventLog.examine(line, by: .verdict) { line in
            (try? Event(line: line.bytes)).map {
                AttemptPage(event: $0, node: node, viewer: viewer, now: now).html
            }
        }
        guard let shown else {
            throw Problem(
                .notFound, "attempt_quarantined",
                "showing this event ended the process repeatedly; it is in quarantine/lines.jsonl",
                field: "id")
        }
        guard let page = shown else { throw unknown }
        return ConsoleAnswer.page(page)
    }

    private func rendered(_ id: String) async throws -> RenderedDigest {
        guard sources.isNotifier,
            let row = try await store.read({ db in try DigestTable.row(db, id: id) })
        else {
            throw Problem(
                .notFound, "digest_unknown", "there is no digest with this id", field: "id")
        }
        return RenderedDigest(row)
    }

    private func digest(_ id: String, _ viewer: Viewer) async throws -> Response {
        let digest = try await rendered(id)
        return ConsoleAnswer.page(
            DigestPage(
                id: digest.id, subject: digest.subject, kind: digest.kind,
                composedAt: digest.composedAt, text: digest.text, slack: digest.slack,
                node: sources.node, viewer: viewer, now: wall.now
            ).html)
    }

    // MARK: - Changing

    private func retry(_ exchange: Exchange) async throws -> Response {
        let form = try await ConsoleForm(exchange)
        try form.checkSession(exchange, sessions)
        guard let id = Int64(exchange.parameters["id"] ?? "") else {
            throw Problem.malformed("id_malformed", "a delivery's id is a number", field: "id")
        }
        let now = wall.now
        guard try await decisions.retry(id, at: now) else {
            throw Problem(
                .notFound, "delivery_unknown", "no waiting or dead delivery has this id",
                field: "id")
        }
        sources.wake()
        keeper.touch()
        return ConsoleAnswer.go()
    }

    // MARK: - Live

    /// Server-sent events: `change` with the page's version, at most one a second, and a comment
    /// after 15 s without a change.
    private func events(_ exchange: Exchange) throws -> Response {
        let since = try exchange.queryItems().first { $0.name == "since" }.flatMap { Int($0.value) }
        try exchange.beginStream(memory: 32 << 10)
        let (keeper, holds) = (keeper, exchange.stillHolds)
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                var seen = since ?? keeper.present.version
                try await writer.write(ByteBuffer(string: "retry: 3000\n\n"))
                while !Task.isCancelled, !Task.isShuttingDownGracefully {
                    await Self.wait(keeper, after: seen, while: holds)
                    // The credential may have expired or been revoked meanwhile.
                    guard holds() else { break }
                    let version = keeper.present.version
                    let message =
                        version == seen ? ": still here\n\n" : "event: change\ndata: \(version)\n\n"
                    seen = version
                    try await writer.write(ByteBuffer(string: message))
                    // A busy log causes at most one event a second.
                    try? await cancelWhenGracefulShutdown {
                        try await Task.sleep(for: .seconds(1))
                    }
                }
                try await writer.finish(nil)
            })
    }

    /// Waits until the version changes, the credential is invalid, or 15 s have passed.
    private static func wait(
        _ keeper: BoardService, after version: Int, while holds: @escaping @Sendable () -> Bool
    ) async {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await keeper.waitForChange(after: version) }
                group.addTask {
                    for _ in 0..<15 where holds() && !Task.isCancelled {
                        try? await Task.sleep(for: .seconds(1))
                    }
                }
                await group.next()
                group.cancelAll()
            }
        }
    }
}
