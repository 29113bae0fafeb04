public import HTTPTypes
public import JSON

/// Why a request is refused, as in the answer's problem document (RFC 9457).
///
/// Thrown by routes and by `RequestPipeline`. `detail` and `field` are written into the answer
/// unchanged, so they must not contain a secret.
public struct Problem: Error, Sendable {
    public var status: HTTPResponse.Status
    /// A constant identifier for programs, such as `body_too_large`.
    public var reason: String
    /// A sentence for people: what is wrong and what is expected.
    public var detail: String
    /// The part of the request that is wrong, if it is a single one.
    public var field: String?
    /// Further headers of the answer, such as `Retry-After`.
    public var headers: HTTPFields
    /// Whether the refusal is reported to the server's `onRefusal`. A route that records the event
    /// itself sets this to false.
    public var isReported: Bool
    /// An HTML page for browsers, sent instead of the problem document.
    public var page: [UInt8]?
    /// Further members of the document (RFC 9457 §3.2), such as a list of faults.
    public var extensions: [JSONValue.Member] = []

    public init(
        _ status: HTTPResponse.Status, _ reason: String, _ detail: String, field: String? = nil,
        headers: HTTPFields = [:], isReported: Bool = true
    ) {
        self.status = status
        self.reason = reason
        self.detail = detail
        self.field = field
        self.headers = headers
        self.isReported = isReported
    }

    // MARK: - Common problems

    /// 400: `field` is not what it must be.
    public static func malformed(_ reason: String, _ detail: String, field: String? = nil)
        -> Problem
    {
        Problem(.badRequest, reason, detail, field: field)
    }

    /// 401 with the challenge of RFC 6750 §3.
    public static func unauthenticated(_ reason: String, _ detail: String) -> Problem {
        var challenge = #"Bearer realm="bellwether""#
        if reason != "credential_missing" {
            challenge += #", error="invalid_token", error_description="\#(detail)""#
        }
        return Problem(
            .unauthorized, reason, detail, field: "Authorization",
            headers: [.wwwAuthenticate: challenge])
    }

    /// 403: the credential is valid but lacks the scope.
    public static func lacksScope(_ scope: Scope) -> Problem {
        Problem(
            .forbidden, "scope_missing", "the credential lacks the scope '\(scope.rawValue)'",
            field: "Authorization",
            headers: [
                .wwwAuthenticate:
                    #"Bearer realm="bellwether", error="insufficient_scope", scope="\#(scope.rawValue)""#
            ])
    }

    /// 413.
    public static func tooLarge(_ limit: Int) -> Problem {
        Problem(
            .contentTooLarge, "body_too_large", "the body is larger than \(limit) bytes",
            field: "body")
    }

    /// 429 or 503 with `Retry-After` in whole seconds, at least 1.
    public static func retryLater(
        _ status: HTTPResponse.Status, _ reason: String, _ detail: String, after: Duration
    ) -> Problem {
        Problem(
            status, reason, detail, headers: [.retryAfter: String(max(1, after.wholeSecondsUp))])
    }

    static func draining(_ deadline: Duration) -> Problem {
        retryLater(
            .serviceUnavailable, "draining", "this node is shutting down; retry",
            after: deadline)
    }
}

extension Duration {
    /// Whole seconds, rounded up, at least 0.
    var wholeSecondsUp: Int { max(0, Int((self / .seconds(1)).rounded(.up))) }
}
