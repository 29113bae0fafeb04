import Events
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import Synchronization
import Telemetry

/// What every request passes, in this order: a target and a host that can be read (400), a
/// name that is served (421), a route (404, 405), a node that is not shutting down (503), a
/// credential (401, 403), a media type (415), a length (413); then the route itself.
///
/// Nothing that a caller sends for a route is examined before the credential: not its type, not
/// its length, not its body. The paths and methods themselves are public, so that a stranger's
/// wrong path is answered with 404 or 405 as everybody's is; and which host is meant must be
/// clear before anything else.
///
/// Whatever is thrown on the way becomes a problem document, and is told.
final class Gate: Sendable {
    let table: RouteTable
    let hosts: HostPolicy
    let authenticator: Authenticator
    let limits: ServingLimits
    let date: HTTPDate
    /// The value of `Strict-Transport-Security`, where it is sent.
    let strictTransport: String?
    private let telemetry: Telemetry
    private let desk: RefusalDesk
    let admission: Admission
    let tally: RequestTally
    /// Those at a literal path, of which there are few.
    let readyRoutes: [ReadyRoute]
    private let draining = Atomic<Bool>(false)

    init(
        routes: [Route], hosts: HostPolicy, authenticator: Authenticator, limits: ServingLimits,
        strictTransport: Duration?, clock: WallClock, telemetry: Telemetry, desk: RefusalDesk,
        admission: Admission
    ) {
        table = RouteTable(routes)
        self.hosts = hosts
        self.authenticator = authenticator
        self.limits = limits
        self.telemetry = telemetry
        self.desk = desk
        self.admission = admission
        date = HTTPDate(clock: clock)
        self.strictTransport = strictTransport.map { "max-age=\($0.wholeSecondsUp)" }
        let tally = RequestTally(routes: routes.map(\.path), registry: telemetry.registry)
        self.tally = tally
        readyRoutes = routes.filter { !$0.path.contains("{") }
            .compactMap { ReadyRoute($0, limits: limits, tally: tally) }
    }

    var isDraining: Bool { draining.load(ordering: .relaxed) }

    func drain() { draining.store(true, ordering: .relaxed) }

    func respond(
        _ request: Request, _ writer: consuming ResponseWriter, _ connection: ConnectionFacts
    ) async throws {
        var passage = Passage(request, connection)
        let holdings = passage.holdings
        defer { holdings.release() }
        var response: Response
        do {
            response = try await serve(request, &passage)
            if response.status.code >= 400, response.body.contentLength == 0 {
                response = Problem(response.status, "refused", "the request was refused").response
            }
            try hold(response, passage)
        } catch { response = await refuse(error, passage) }
        finish(&response, passage)
        tally.count(
            route: passage.route?.path ?? "none", status: response.status.code,
            duration: passage.started.duration(to: .now))
        try await writer.write(response: response.head, body: response.body)
    }

    // MARK: - In

    private func serve(_ request: Request, _ passage: inout Passage) async throws -> Response {
        let connection = passage.connection
        guard passage.path.hasPrefix("/") else {
            throw Problem.malformed("target_malformed", "the target must be a path", field: "path")
        }
        let authority = try HostPolicy.authority(of: request.head, isHTTP2: connection.isHTTP2)
        guard hosts.admits(authority: authority, serverName: connection.serverName) else {
            throw Problem(
                .misdirectedRequest, "host_unknown", "this node does not serve the name asked for",
                field: "Host")
        }
        let route = try find(request.method, &passage)
        if isDraining, !route.servesWhileDraining {
            throw Problem.draining(limits.drainDeadline)
        }
        do throws(Authenticator.Refused) {
            passage.identity = try await authenticator.identify(
                request.head, connection, route.access)
        } catch {
            passage.credential = error.id
            throw error.problem
        }
        if passage.identity != nil { connection.entry?.markKnown() }
        try admission.check(
            MemoryBudget.Account(tier: route.tier, identity: passage.identity))
        try Self.checkMedia(request.head, route)
        let limit = route.bodyLimit ?? limits.bodyBytes
        // A route that authenticates by itself looks at the length once it has.
        if !(route.access.isOptional && passage.identity == nil),
            let announced = request.headers[.contentLength].flatMap({ Int($0) }), announced > limit
        {
            throw Problem.tooLarge(limit)
        }
        return try await route.handler(
            Exchange(
                head: request.head, path: passage.path, query: passage.query, route: route.path,
                parameters: passage.parameters, connection: connection, started: passage.started,
                identity: passage.identity, body: passage.body, limit: limit,
                inflates: route.inflates, authenticator: authenticator, tier: route.tier,
                admission: admission, holdings: passage.holdings))
    }

    /// A large answer is counted until it is written.
    private func hold(_ response: Response, _ passage: Passage) throws(Problem) {
        guard let bytes = response.body.contentLength, bytes > Admission.smallAnswer,
            let route = passage.route
        else { return }
        passage.holdings.keep(
            try admission.reserve(
                bytes, for: .answers,
                by: MemoryBudget.Account(tier: route.tier, identity: passage.identity)))
    }

    private func find(
        _ method: HTTPRequest.Method, _ passage: inout Passage
    ) throws(Problem) -> Route {
        switch table.find(method, passage.path) {
        case .found(let route, let parameters):
            passage.route = route
            passage.parameters = parameters
            return route
        case .wrongMethod(let path, let allowed):
            throw Problem(
                .methodNotAllowed, "method_not_allowed", "\(path) answers \(allowed)",
                field: "method", headers: [.allow: allowed])
        case .unknown:
            throw Problem(.notFound, "not_found", "there is nothing at this path", field: "path")
        }
    }

    private static func checkMedia(_ head: HTTPRequest, _ route: Route) throws(Problem) {
        guard !route.media.isEmpty else { return }
        let given = head.headerFields[.contentType] ?? ""
        let essence = given.prefix { $0 != ";" }.trimmingBlanks.lowercased()
        guard route.media.contains(essence) else {
            let named = route.media.filter { !$0.isEmpty }
            throw Problem(
                .unsupportedMediaType, "media_type_unsupported",
                "Content-Type must be \(named.joined(separator: " or "))",
                field: "Content-Type", headers: [.accept: named.joined(separator: ", ")])
        }
    }

    // MARK: - Out

    private func refuse(_ error: any Error, _ passage: Passage) async -> Response {
        let problem = Problem(error)
        if problem.status == .internalServerError {
            telemetry.emit(
                RequestFailed(route: passage.route?.path ?? "none", fault: "\(error)"))
        }
        if problem.isTold { await desk.tell(problem, passage) }
        return problem.response
    }

    private func finish(_ response: inout Response, _ passage: Passage) {
        response.headers[.date] = date.now
        if let strictTransport { response.headers[.strictTransportSecurity] = strictTransport }
        // HTTP/2 forbids the header (RFC 9113 §8.2.2).
        if response.status.code >= 400, !passage.connection.isHTTP2 {
            response.headers[.connection] = "close"
        }
        if passage.head.method == .head { response = response.createHeadResponse() }
    }
}

extension Substring {
    /// Without blanks and tabs at either end.
    fileprivate var trimmingBlanks: Substring {
        let start = drop { $0 == " " || $0 == "\t" }
        guard let end = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return start[...end]
    }
}
