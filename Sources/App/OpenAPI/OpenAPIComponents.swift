/// The schemas, parameters, refusals and credentials that the operations refer to.
enum OpenAPIComponents {
    static let introduction =
        "Argo Rollouts measures by /rollouts/analysis; gateways and other programs send events to /v1/events. Every refusal is a problem document (RFC 9457) whose reason is a constant for programs. Unknown members of answers must be ignored."

    /// `components` as JSON. Parameters and schemas list what is accepted; objects of answers may
    /// have further members.
    static let json = "{\(credentials),\(parameters),\(refusals),\(schemas)}"

    private static let credentials = #"""
        "securitySchemes": {
          "bearer": {"type": "http", "scheme": "bearer", "description": "A token of the scope that the operation names; admin may do everything."},
          "basic": {"type": "http", "scheme": "basic", "description": "The token as password, with any user, for callers that can put a credential only into a URL."},
          "session": {"type": "apiKey", "in": "cookie", "name": "__Host-bellwether", "description": "The cookie of the status page."}
        }
        """#

    private static let parameters: String = {
        let text = #"{"type": "string", "maxLength": 253}"#
        let name =
            #"{"type": "string", "maxLength": 253, "pattern": "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"}"#
        let time = #"{"type": "string", "examples": ["10m", "2026-11-23T06:00:00Z"]}"#
        func query(
            _ name: String, _ schema: String, _ words: String, _ parameter: String? = nil,
            required: Bool = false
        ) -> String {
            #""\#(name)": {"name": "\#(parameter ?? name)", "in": "query", "required": \#(required), "description": "\#(words)", "schema": \#(schema)}"#
        }
        let all = [
            query("rollout", name, "The Rollout's name.", required: true),
            query("namespace", name, "Its namespace; default: default."),
            query("uid", text, "Its uid."), query("revision", text, "Its revision."),
            query("canaryHash", text, "The canary's pod template hash."),
            query("step", text, "The current step."), query("metric", text, "The metric's name."),
            query("attempt", whole(1, 1_000_000_000), "The attempt, when the caller counts."),
            query("count", text, "The attempts of the run; ignored if it is no number."),
            query("failureLimit", text, "The failures that it tolerates; ignored likewise."),
            query("stableHash", text, "The stable pods' template hash."),
            query("inconclusiveLimit", text, "The inconclusive attempts that it tolerates."),
            query("weight", text, "The canary's share of the traffic in per cent."),
            query("probe", #"{"type": "string"}"#, "One probe; all by default.", "name"),
            query("by", #"{"type": "string"}"#, "The field to count.", required: true),
            query(
                "anyField", #"{"type": "boolean"}"#, "Accepts fields of senders' own.", "any_field"),
            query("receiver", #"{"type": "string"}"#, "Only deliveries to this receiver."),
            query(
                "runEndsAfter", #"{"type": "string", "maxLength": 64}"#,
                "The next of an earlier answer.", "after"),
            query(
                "revokeAfter", whole(0, 3_155_760_000), "Seconds until the token ends.", "after"),
            query("since", time, "Not older: a span or RFC 3339."),
            query("until", time, "Not newer: a span or RFC 3339."),
            query("where", #"{"type": "string"}"#, "A filter expression, as of logs query."),
            query("after", #"{"type": "string"}"#, "The cursor of Bellwether-Next."),
            query("follow", #"{"type": "boolean"}"#, "Streams new events instead."),
            query("eventLimit", whole(1, 100_000), "The most lines; default 1000.", "limit"),
            query("countLimit", whole(1, 100_000), "The most values; all by default.", "limit"),
            query("digestLimit", whole(1, 1000), "The most digests; default 50.", "limit"),
            query("outboxLimit", whole(1, 1000), "The most deliveries; default 1000.", "limit"),
            query("before", #"{"type": "string"}"#, "The last id of the page before."),
            query(
                "state",
                #"{"type": "string"}"#,
                "Only deliveries in this state, such as waiting or dead."),
            query("all", #"{"const": "true"}"#, "Ended ones too."),
            query("filter", #"{"type": "string"}"#, "The condition, such as rollout=payments-api."),
            query("version", #"{"type": "integer"}"#, "The version that is shown.", "since"),
        ]
        return "\"parameters\": {\(all.joined(separator: ","))}"
    }()

    private static func whole(_ least: Int, _ most: Int) -> String {
        #"{"type": "integer", "minimum": \#(least), "maximum": \#(most)}"#
    }

    private static let refusals: String = {
        let all = [
            (400, "The request is malformed: reason, and field if it is a single one."),
            (401, "A credential is missing, wrong, expired or revoked."),
            (403, "The credential lacks the scope."), (404, "There is no such thing."),
            (409, "It contradicts the state of this node."),
            (413, "The body or the query is too large."),
            (415, "The body's type is not accepted."),
            (417, "The expectation is not 100-continue."),
            (421, "This node does not serve the host name."),
            (429, "Too much at once: see Retry-After."),
            (500, "A fault of this node, which is in its log."),
            (503, "Not now: see Retry-After."),
        ]
        let entries = all.map { status, words in
            ##""\##(status)": {"description": "\##(words)", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}"##
        }
        return "\"responses\": {\(entries.joined(separator: ","))}"
    }()

    private static let schemas = #"""
        "schemas": {
          "Problem": {"type": "object", "required": ["type", "title", "status", "detail", "reason"], "properties": {"type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"}, "reason": {"type": "string"}, "field": {"type": "string"}}},
          "Text": {"type": ["string", "number", "null"], "maxLength": 253},
          "Hint": {"type": ["string", "number", "null"]},
          "Name": {"type": "string", "minLength": 1, "maxLength": 253, "pattern": "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"},
          "MeasurementRequest": {"type": "object", "required": ["rollout"], "properties": {"rollout": {"$ref": "#/components/schemas/Name"}, "namespace": {"$ref": "#/components/schemas/Name"}, "uid": {"$ref": "#/components/schemas/Text"}, "revision": {"$ref": "#/components/schemas/Text"}, "canaryHash": {"$ref": "#/components/schemas/Text"}, "step": {"$ref": "#/components/schemas/Text"}, "metric": {"$ref": "#/components/schemas/Text"}, "attempt": {"type": "integer", "minimum": 1, "maximum": 1000000000}, "count": {"$ref": "#/components/schemas/Hint"}, "failureLimit": {"$ref": "#/components/schemas/Hint"}, "stableHash": {"$ref": "#/components/schemas/Text"}, "inconclusiveLimit": {"$ref": "#/components/schemas/Hint"}, "weight": {"$ref": "#/components/schemas/Hint"}}, "examples": [{"rollout": "payments-api", "namespace": "prod", "revision": "17", "step": "2"}]},
          "Verdict": {"type": "object", "required": ["status", "degraded", "summary", "rollout", "namespace", "concern", "attempt", "reasons", "score", "window", "event", "policy", "policy_name", "scope", "binary", "schema"], "properties": {"status": {"enum": ["healthy", "degraded", "unknown", "unhealthy"]}, "degraded": {"type": "boolean"}, "summary": {"type": "string"}, "event": {"type": "string"}, "policy_name": {"type": "string"}, "scope": {"type": "object"}, "rollout": {"type": "string"}, "namespace": {"type": "string"}, "concern": {"type": "string"}, "attempt": {"type": "object", "required": ["n", "epoch", "source"], "properties": {"n": {"type": "integer"}, "epoch": {"type": "integer"}, "source": {"enum": ["counted", "caller"]}}}, "reasons": {"type": "array", "items": {"type": "object"}}, "score": {"type": ["integer", "null"], "minimum": 0, "maximum": 100}, "window": {"type": "object", "required": ["start", "end"], "properties": {"start": {"type": "string", "format": "date-time"}, "end": {"type": "string", "format": "date-time"}}}, "policy": {"type": "string"}, "binary": {"type": "string"}, "schema": {"const": 1}}},
          "Health": {"type": "object", "required": ["status", "checks"], "properties": {"status": {"enum": ["pass", "warn", "fail"]}, "checks": {"type": "object"}}},
          "Receipt": {"type": "object", "required": ["accepted", "duplicates", "rejected", "rejected_total", "durability"], "properties": {"accepted": {"type": "integer"}, "duplicates": {"type": "integer"}, "rejected": {"type": "array", "items": {"type": "object", "required": ["line", "error"], "properties": {"line": {"type": "integer"}, "error": {"type": "string"}}}}, "rejected_total": {"type": "integer"}, "shed": {"type": "object"}, "durability": {"type": "string"}, "shipped": {"type": "object", "required": ["node", "term", "end", "to"], "properties": {"node": {"type": "string"}, "term": {"type": "integer"}, "end": {"type": "string"}, "to": {"type": "string"}}}}},
          "OTLPLogs": {"type": "object", "properties": {"resourceLogs": {"type": "array"}}},
          "OTLPReceipt": {"type": "object", "properties": {"partialSuccess": {"type": "object"}}},
          "Payload": {"type": "object"},
          "HookReceipt": {"type": "object", "required": ["accepted", "duplicates"], "properties": {"accepted": {"type": "integer"}, "duplicates": {"type": "integer"}, "shed": {"type": "integer"}}},
          "Digest": {"type": "object", "required": ["id", "kind", "subject", "composed_at", "text", "digest", "slack"], "properties": {"id": {"type": "string"}, "kind": {"type": "string"}, "subject": {"type": "string"}, "composed_at": {"type": "string", "format": "date-time"}, "text": {"type": "string"}, "html": {"type": "string"}, "digest": {"type": "object"}, "slack": {"type": "object"}}},
          "DigestPage": {"type": "object", "required": ["digests", "more"], "properties": {"digests": {"type": "array", "items": {"$ref": "#/components/schemas/Digest"}}, "more": {"type": "boolean"}}},
          "Deliveries": {"type": "array", "items": {"type": "object", "required": ["id", "state", "receiver", "digest"], "properties": {"id": {"type": "integer"}, "state": {"type": "string"}, "receiver": {"type": "string"}, "digest": {"type": "string"}}}},
          "Count": {"type": "object", "required": ["count"], "properties": {"count": {"type": "integer"}}},
          "Silences": {"type": "object", "required": ["silences"], "properties": {"silences": {"type": "array", "items": {"type": "object"}}}},
          "ProbeResults": {"type": "array", "items": {"type": "object", "required": ["name", "outcome", "ms", "signals"], "properties": {"name": {"type": "string"}, "outcome": {"type": "string"}, "ms": {"type": "number"}, "signals": {"type": "array", "items": {"type": "object"}}}}},
          "TokenOrder": {"type": "object", "required": ["name", "scopes"], "additionalProperties": false, "properties": {"name": {"type": "string"}, "scopes": {"type": "array", "minItems": 1, "items": {"enum": ["analysis", "ingest", "read", "admin"]}}, "expires_in": {"type": ["integer", "null"], "minimum": 1, "maximum": 3155760000}}},
          "SilenceOrder": {"type": "object", "required": ["until"], "additionalProperties": false, "properties": {"filter": {"type": "string"}, "matchers": {"type": "array", "minItems": 1, "maxItems": 20, "items": {"type": "string"}}, "until": {"type": "string", "format": "date-time"}, "who": {"type": "string"}, "why": {"type": "string"}}},
          "AcknowledgementOrder": {"type": "object", "required": ["until"], "additionalProperties": false, "properties": {"until": {"type": ["string", "null"], "format": "date-time"}, "who": {"type": "string"}, "why": {"type": "string"}}},
          "SilenceAdded": {"type": "object", "required": ["id", "until"], "properties": {"id": {"type": "string"}, "until": {"type": "string", "format": "date-time"}}},
          "RetryForm": {"type": "object", "required": ["form"], "properties": {"form": {"type": "string"}}},
          "SilenceForm": {"type": "object", "required": ["form", "filter", "for", "why", "who"], "properties": {"form": {"type": "string"}, "filter": {"type": "string"}, "for": {"enum": ["30m", "1h", "4h", "1d", "7d"]}, "why": {"type": "string"}, "who": {"type": "string"}}},
          "AcknowledgementForm": {"type": "object", "required": ["form"], "properties": {"form": {"type": "string"}, "for": {"enum": ["30m", "1h", "4h", "1d", "7d"]}, "why": {"type": "string"}, "who": {"type": "string"}, "end": {"const": "true"}}},
          "SignInForm": {"type": "object", "required": ["token"], "properties": {"token": {"type": "string"}, "to": {"type": "string"}}}
        }
        """#
}
