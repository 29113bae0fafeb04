import Analysis
import Events
import HTTPTypes
import HummingbirdCore
import JSON
import NIOCore
public import Server

/// `POST /rollouts/flagger`: a verdict as the answer to a webhook of Flagger that waits for one.
///
/// Flagger continues after 200 to 202 and otherwise quotes the answer's body; it evaluates nothing
/// else. So 200 is answered to `healthy` only, and every other verdict, also one that could not be
/// measured, is 409 with the reason. Never 5xx: Flagger's client repeats those and drops the
/// reason.
///
/// To a `rollback` hook a 2xx means *roll back now*, and Flagger's payload does not name its type.
/// The hook's `metadata.hook` must therefore name a type for which 2xx means *go on*; anything else
/// is refused. Flagger can set no header: the credential (scope `analysis`) is in the URL's user
/// part, in the path, or in `metadata.token`.
public enum FlaggerGateRoutes {
    /// The hook types whose 2xx answer means that the canary continues.
    static let gates: Set<String> = [
        "confirm-rollout", "confirm-promotion", "confirm-traffic-increase", "rollout",
    ]

    public static func routes(_ service: MeasurementService) -> [Route] {
        [
            Route(
                .post, "/rollouts/flagger",
                access: .optional(.analysis, by: [.bearer, .basic]),
                bodyLimit: MeasurementRequest.limits.maxBytes, tier: .measurement
            ) { exchange in
                try await answer(exchange, service)
            },
            Route(
                .post, "/rollouts/flagger/{token}", access: .open,
                bodyLimit: MeasurementRequest.limits.maxBytes, tier: .measurement
            ) { exchange in
                try await answer(exchange, service)
            },
        ]
    }

    private static func answer(
        _ exchange: Exchange, _ service: MeasurementService
    ) async throws -> Response {
        var identity = exchange.identity
        // A token in the path is verified before the body is read.
        if let token = exchange.parameters["token"] {
            identity = try await exchange.authenticate(token: token, for: .analysis)
        }
        let payload: JSONValue
        if identity == nil {
            // Faults of a body are reported to authenticated callers only.
            guard let tree = try? await tree(exchange),
                let token = tree["metadata"]?["token"]?.string, token.utf8.count <= 512
            else {
                throw Problem.unauthenticated(
                    "credential_missing",
                    "a token is needed: in the address's user part or path, or in metadata.token")
            }
            identity = try await exchange.authenticate(token: token, for: .analysis)
            payload = tree
        } else {
            payload = try await tree(exchange)
        }
        let question = try FlaggerQuestion(payload)
        return try await verdict(question, identity, service)
    }

    private static func verdict(
        _ question: FlaggerQuestion, _ identity: Identity?, _ service: MeasurementService
    ) async throws -> Response {
        let series = question.request.series(concern: question.concern).id
        let policies = try service.policies(
            for: question.request, series: series, concern: question.concern,
            named: "metadata.concern")
        let verdict: FrozenVerdict
        if service.admit(identity, series).isAllowed {
            let turn = await service.measure(
                question.request, series: series, concern: question.concern, by: policies)
            switch turn.outcome {
            case .judged(let judged, _, _): verdict = judged
            case .unmeasured(_, let why, _):
                throw refusal("unknown", "nothing could be measured (\(why))")
            }
        } else if let frozen = service.frozen(series) {
            verdict = frozen
        } else {
            throw refusal("unknown", "over the rate limit, and there is no verdict yet")
        }
        guard verdict.status == .healthy else {
            throw refusal(verdict.status.rawValue, verdict.document.summary)
        }
        return .bytes(verdict.document.bytes, headers: MeasurementRoutes.headers(verdict))
    }

    private static func refusal(_ status: String, _ why: String) -> Problem {
        var problem = Problem(.conflict, "verdict_\(status)", why)
        // The measurement has recorded its own event.
        problem.isReported = false
        return problem
    }

    private static func tree(_ exchange: Exchange) async throws(Problem) -> JSONValue {
        let body = try await exchange.collectBody()
        do throws(JSONFault) {
            return try JSONValue(
                parsing: Array(body.readableBytesView), limits: MeasurementRequest.limits)
        } catch {
            throw .malformed("body_malformed", "the body is not JSON: \(error)", field: "body")
        }
    }
}

/// The measurement that the payload of a Flagger webhook requests.
struct FlaggerQuestion {
    let request: MeasurementRequest
    /// Empty for the merged route.
    let concern: String

    /// - Throws: 409 for a hook to which 2xx is, or may be, something else than *go on*; 400 for a
    ///   payload that names no canary.
    init(_ payload: JSONValue) throws(Problem) {
        let metadata = payload["metadata"]
        guard let kind = payload["type"]?.string ?? metadata?["hook"]?.string else {
            throw Problem(
                .conflict, "hook_type_unknown",
                "the payload has no hook type, and to a rollback hook 2xx means: roll back; set "
                    + "metadata.hook to the type",
                field: "metadata.hook")
        }
        guard FlaggerGateRoutes.gates.contains(kind) else {
            throw Problem(
                .conflict, "hook_is_no_gate",
                "a hook of this type gets no verdict: to rollback 2xx means: roll back; use the "
                    + "types \(FlaggerGateRoutes.gates.sorted().joined(separator: ", "))",
                field: "metadata.hook")
        }
        concern = metadata?["concern"]?.string ?? ""
        // The same rules as for a measurement decide what is a name.
        var writer = JSONWriter(capacity: 256)
        writer.object { w in
            w.member("rollout", metadata?["rollout"]?.string ?? payload["name"]?.string ?? "")
            if let namespace = payload["namespace"]?.string { w.member("namespace", namespace) }
            let revision =
                metadata?["revision"]?.string ?? payload["buildId"]?.string
                ?? payload["checksum"]?.string
            if let revision { w.member("revision", revision) }
            if let step = metadata?["step"]?.string { w.member("step", step) }
        }
        do throws(RequestFault) { request = try MeasurementRequest(parsing: writer.bytes) } catch {
            throw .malformed("payload_malformed", error.description, field: error.field)
        }
    }
}
