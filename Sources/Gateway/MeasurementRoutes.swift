import Analysis
import Events
import HTTPTypes
import HummingbirdCore
import JSON
import NIOCore
import Probes
public import Server

/// `POST|GET /rollouts/analysis` and `/rollouts/analysis/{concern}`.
public enum MeasurementRoutes {
    public static func routes(_ service: MeasurementService) -> [Route] {
        ["/rollouts/analysis", "/rollouts/analysis/{concern}"].flatMap { path in
            [
                Route(
                    .post, path, access: .requires(.analysis),
                    bodyLimit: MeasurementRequest.limits.maxBytes, tier: .measurement,
                    ready: service.atOnce
                ) { exchange in
                    try checkMedia(exchange.head)
                    let body = try await exchange.collectBody()
                    return try await answer(exchange, service) { () throws(RequestFault) in
                        try MeasurementRequest(parsing: Array(body.readableBytesView))
                    }
                },
                Route(.get, path, access: .requires(.analysis), tier: .measurement) { exchange in
                    try await answer(exchange, service) { () throws(RequestFault) in
                        try MeasurementRequest(query: exchange.query ?? "")
                    }
                },
            ]
        }
    }

    /// Accepts JSON or a missing type: with `body` instead of `jsonBody`, Argo sends none.
    static func checkMedia(_ head: HTTPRequest) throws(Problem) {
        guard let given = head.headerFields[.contentType], given != "application/json" else {
            return
        }
        let essence = given.prefix { $0 != ";" && $0 != " " }.lowercased()
        guard essence == "application/json" || essence.isEmpty else {
            throw Problem(
                .unsupportedMediaType, "media_type_unsupported",
                "Content-Type must be application/json", field: "Content-Type",
                headers: [.accept: "application/json"])
        }
    }

    private static func answer(
        _ exchange: Exchange, _ service: MeasurementService,
        _ parse: () throws(RequestFault) -> MeasurementRequest
    ) async throws -> Response {
        let request: MeasurementRequest
        do { request = try parse() } catch { throw problem(error) }
        let concern = exchange.parameters["concern"] ?? ""
        let series = request.series(concern: concern).id
        let policies = try service.policies(
            for: request, series: series, concern: concern, named: "concern")
        let rate = service.admit(exchange.identity, series)
        guard rate.isAllowed else {
            // Argo Rollouts aborts after five refusals in a row: a caller over the limit gets
            // the last verdict, and is refused only when there is none.
            guard let frozen = service.frozen(series) else {
                var random = SystemRandomNumberGenerator()
                throw rate.problem(using: &random)
            }
            return .bytes(frozen.document.bytes, headers: headers(frozen, rate: rate))
        }
        let turn = await service.measure(
            request, series: series, concern: concern, by: policies)
        switch turn.outcome {
        case .judged(let verdict, let timings, _):
            return .bytes(
                verdict.document.bytes,
                headers: headers(
                    verdict, rate: rate, timing: serverTiming(turn.origin, timings, turn.timing)))
        case .unmeasured(let ordinal, let why, _):
            // The evaluation has already recorded the event.
            var problem = Problem.retryLater(
                .serviceUnavailable, "cannot_measure",
                "nothing could be measured (\(why)); refusal \(ordinal) of \(AttemptLedger.refusalLimit) before the answer is unknown",
                after: .seconds(10))
            problem.isReported = false
            throw problem
        }
    }

    /// Returns the header fields of a verdict's answer, including its clocks and ages.
    static func headers(
        _ verdict: FrozenVerdict, rate: RateLimiter.Verdict? = nil, timing: String = "frozen"
    ) -> HTTPFields {
        var headers: HTTPFields = [
            .contentType: "application/json", .eTag: verdict.document.etag, .serverTiming: timing,
            .measuredAt: verdict.measuredAt.rfc3339, .cacheControl: "no-store",
        ]
        if let rate {
            headers[.rateLimitPolicy] = rate.policy
            headers[.rateLimit] = rate.state
        }
        return headers
    }

    private static func serverTiming(
        _ origin: AttemptCoordinator.Origin, _ probes: [ProbeResult], _ timing: MeasurementTiming
    ) -> String {
        guard origin == .evaluated else { return "frozen" }
        let rows = probes.isEmpty ? ["window;desc=\"frozen\""] : probes.map(\.serverTiming)
        return (rows + [timing.serverTiming]).joined(separator: ", ")
    }

    private static func problem(_ fault: RequestFault) -> Problem {
        switch fault.reason {
        case .tooLarge(let limit):
            return Problem(
                .contentTooLarge, "body_too_large", "the request is larger than \(limit) bytes",
                field: fault.field ?? "body")
        case .json: return .malformed("json_malformed", fault.description, field: fault.field)
        case .query: return .malformed("query_malformed", fault.description, field: fault.field)
        case .missing: return .malformed("field_missing", fault.description, field: fault.field)
        case .repeated: return .malformed("field_repeated", fault.description, field: fault.field)
        case .wrongType: return .malformed("field_type", fault.description, field: fault.field)
        case .invalid: return .malformed("field_invalid", fault.description, field: fault.field)
        }
    }
}

extension MeasurementService {
    /// Returns the policies that judge a request.
    ///
    /// - Parameter field: The request's member that names the concern.
    /// - Throws: 404 if no policy matches the rollout, or the one that does lacks the concern.
    func policies(
        for request: MeasurementRequest, series: String, concern: String, named field: String
    ) throws(Problem) -> PolicySet {
        guard let policies = policies(for: request, series: series) else {
            throw Problem(
                .notFound, "rollout_unmatched",
                "no policy below analysis.policies matches \(request.namespace)/\(request.rollout): add one, or set analysis.unmatched to judge",
                field: "rollout")
        }
        guard policies.policy(for: concern) != nil else {
            throw Problem(
                .notFound, "concern_unknown",
                "the policy \(policies.name) has no concern of this name below concerns",
                field: field)
        }
        return policies
    }
}
