import Events
import HTTPTypes
import HummingbirdCore
import NIOCore
import Synchronization
import Telemetry

/// Checks each request in a fixed order, then runs its route.
///
/// The order: a valid target and host (400), a served host name (421), a route (404, 405), a node
/// that is not draining (503), a credential (401, 403), memory (503), an expectation (417), a media
/// type (415), a length (413).
///
/// The request's type, length and body are not examined before the credential. The paths and
/// methods are public, so a wrong path is answered with 404 or 405 for any caller. The host must be
/// unambiguous before all other checks.
///
/// Each thrown error becomes a problem document and is reported.
final class RequestPipeline: Sendable {
    private let table: RouteTable
    private let hosts: HostPolicy
    private let authenticator: Authenticator
    private let limits: ServerLimits
    private let date: HTTPDate
    /// The value of `Strict-Transport-Security`; nil if it is not sent.
    private let strictTransport: String?
    private let telemetry: Telemetry
    private let reporter: RefusalReporter
    let admission: Admission
    private let tally: RequestTally
    private let draining = Atomic<Bool>(false)

    init(
        routes: [Route], hosts: HostPolicy, authenticator: Authenticator, limits: ServerLimits,
        strictTransport: Duration?, clock: WallClock, telemetry: Telemetry,
        reporter: RefusalReporter,
        admission: Admission
    ) {
        table = RouteTable(routes)
        self.hosts = hosts
        self.authenticator = authenticator
        self.limits = limits
        self.telemetry = telemetry
        self.reporter = reporter
        self.admission = admission
        date = HTTPDate(clock: clock)
        self.strictTransport = strictTransport.map { "max-age=\($0.wholeSecondsUp)" }
        tally = RequestTally(routes: routes.map(\.path), registry: telemetry.registry)
    }

    var isDraining: Bool { draining.load(ordering: .relaxed) }

    func drain() { draining.store(true, ordering: .relaxed) }

    /// - Parameter proceed: Sends `100 Continue`. Called at most once, before the first read of the
    ///   body of a request that waits for it.
    /// - Parameter settle: Returns once the event loop has taken everything written before.
    func respond(
        _ request: Request, _ writer: consuming ResponseWriter, _ connection: ConnectionFacts,
        proceed: @escaping @Sendable () -> Void,
        settle: @escaping @Sendable () async throws -> Void
    ) async throws {
        var context = RequestContext(request.head, request.body, connection, proceed: proceed)
        let holdings = context.holdings
        defer { holdings.release() }
        var response: Response
        do {
            response = try await serve(&context)
            if response.status.code >= 400, response.body.contentLength == 0 {
                response = Problem(response.status, "refused", "the request was refused").response
            }
            try hold(response, context)
        } catch { response = await refuse(error, context) }
        finish(&response.head, context)
        if context.head.method == .head { response = response.createHeadResponse() }
        try await writer.write(response: response.head, body: response.body.paced(settle))
    }

    // MARK: - On the event loop

    /// A request that passed every check and may have its answer ready.
    struct ReadyRequest {
        fileprivate let context: RequestContext
        fileprivate let identity: Identity
        var head: HTTPRequest { context.head }
        fileprivate let answer: @Sendable (ReadyQuestion) -> ReadyAnswer?
    }

    /// An answer in the form in which it is written.
    struct Ready {
        let head: HTTPResponse
        let body: ByteBuffer
    }

    /// Runs the checks on the header of a request that may be answered at once. Nil if `respond`
    /// must serve or refuse the request. Never suspends.
    func ready(_ head: HTTPRequest, _ connection: ConnectionFacts) -> ReadyRequest? {
        var context = RequestContext(head, RequestBody(buffer: ByteBuffer()), connection) {}
        guard let route = try? find(&context), let answer = route.ready,
            head.headerFields[.contentEncoding] == nil, !context.body.isHeldBack,
            let identity = authenticator.identifyAtOnce(head, connection, route.access)
        else { return nil }
        context.identity = identity
        guard (try? admit(context, to: route)) != nil else { return nil }
        return ReadyRequest(context: context, identity: identity, answer: answer)
    }

    /// Answers once the body is complete; nil if the route has no ready answer of at most 16 KiB.
    func answer(_ request: ReadyRequest, body: ByteBuffer) -> Ready? {
        let context = request.context
        let question = ReadyQuestion(
            head: context.head, body: body, parameters: context.parameters,
            identity: request.identity)
        guard let answer = request.answer(question),
            answer.body.readableBytes <= Admission.smallAnswer
        else { return nil }
        var head = HTTPResponse(status: .ok, headerFields: answer.headers)
        head.headerFields[.contentLength] = String(answer.body.readableBytes)
        finish(&head, context)
        return Ready(head: head, body: answer.body)
    }

    // MARK: - In

    private func serve(_ context: inout RequestContext) async throws -> Response {
        let route = try find(&context)
        do throws(Authenticator.Refused) {
            context.identity = try await authenticator.identify(
                context.head, context.connection, route.access)
        } catch {
            context.credential = error.id
            throw error.problem
        }
        try admit(context, to: route)
        return try await route.handler(
            Exchange(
                head: context.head, path: context.path, query: context.query, route: route.path,
                parameters: context.parameters, connection: context.connection,
                started: context.started, identity: context.identity, body: context.body,
                limit: limit(of: route), inflates: route.inflates, authenticator: authenticator,
                tier: route.tier, admission: admission, holdings: context.holdings))
    }

    /// Finds the request's route, before authentication.
    private func find(_ context: inout RequestContext) throws(Problem) -> Route {
        guard context.path.hasPrefix("/") else {
            throw .malformed("target_malformed", "the target must be a path", field: "path")
        }
        let authority = try HostPolicy.authority(
            of: context.head, isHTTP2: context.connection.isHTTP2)
        let finding = table.find(context.head.method, context.path)
        guard
            finding.answersEveryHost
                || hosts.admits(
                    authority: authority, serverName: context.connection.serverName)
        else {
            throw Problem(
                .misdirectedRequest, "host_unknown", "this node does not serve the name asked for",
                field: "Host")
        }
        let route = try context.take(finding)
        if isDraining, !route.servesWhileDraining { throw .draining(limits.drainDeadline) }
        return route
    }

    /// Checks memory, expectation, media type and length of an identified request.
    ///
    /// The caller is authenticated, or the route needs no credential.
    private func admit(_ context: RequestContext, to route: Route) throws(Problem) {
        if context.identity != nil { context.connection.entry?.markKnown() }
        try admission.check(
            MemoryBudget.Account(tier: route.tier, identity: context.identity))
        try context.checkExpectation()
        try Self.checkMedia(context.head, route)
        let limit = limit(of: route)
        // A route that authenticates by itself checks the length after that.
        if !(route.access.isOptional && context.identity == nil),
            let announced = context.head.headerFields[.contentLength].flatMap(ContentLength.read),
            announced > limit
        {
            throw .tooLarge(limit)
        }
    }

    private func limit(of route: Route) -> Int { route.bodyLimit ?? limits.bodyBytes }

    /// Reserves memory for a large answer until it is written.
    private func hold(_ response: Response, _ context: RequestContext) throws(Problem) {
        guard let bytes = response.body.contentLength, bytes > Admission.smallAnswer,
            let route = context.route
        else { return }
        context.holdings.keep(
            try admission.reserve(
                bytes, for: .answers,
                by: MemoryBudget.Account(tier: route.tier, identity: context.identity)))
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

    private func refuse(_ error: any Error, _ context: RequestContext) async -> Response {
        let problem = Problem(error)
        if problem.status == .internalServerError {
            telemetry.emit(
                RequestFailed(route: context.route?.path ?? "none", fault: "\(error)"))
        }
        if problem.isReported { await reporter.report(problem, context) }
        return problem.response
    }

    private func finish(_ head: inout HTTPResponse, _ context: RequestContext) {
        head.headerFields[.date] = date.now
        if let strictTransport { head.headerFields[.strictTransportSecurity] = strictTransport }
        // HTTP/2 forbids the header (RFC 9113 §8.2.2).
        if !context.connection.isHTTP2, head.status.code >= 400 || context.body.isHeldBack {
            // The client may or may not still send a body that was not requested.
            head.headerFields[.connection] = "close"
        }
        tally.count(
            route: context.route?.path ?? "none", status: head.status.code,
            duration: context.started.duration(to: .now))
    }
}

extension Substring {
    /// Without spaces and tabs at both ends.
    fileprivate var trimmingBlanks: Substring {
        let start = drop { $0 == " " || $0 == "\t" }
        guard let end = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return start[...end]
    }
}
