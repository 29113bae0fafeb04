/// The parts of the description that no route contains: sentences, parameters, bodies, answers.
enum OpenAPIOperations {
    struct Operation {
        var summary: String
        var tag: String
        /// Names in `OpenAPIComponents`.
        var parameters: [String] = []
        var bodies: [(media: String, schema: String?)] = []
        var answers: [Answer]
        /// Statuses of problem documents besides those that follow from the route.
        var further: Set<Int> = []
    }

    struct Answer {
        var status = 200
        var text: String
        var media: String?
        var schema: String?
    }

    private static let form = "application/x-www-form-urlencoded"
    private static let page = "text/html; charset=utf-8"
    private static let json = "application/json"

    private static func answers(_ schema: String, _ text: String) -> [Answer] {
        [Answer(text: text, media: json, schema: schema)]
    }

    /// By method and path.
    static let all: [String: Operation] = {
        var all = measurements
        for part in [observation, events, hooks, digests, tokens, statusPage, pair] {
            all.merge(part) { first, _ in first }
        }
        return all
    }()

    private static let verdict = answers("Verdict", "The verdict; a repeat gets the same bytes.")

    private static let measurements: [String: Operation] = {
        let fields = [
            "rollout", "namespace", "uid", "revision", "canaryHash", "step", "metric", "attempt",
            "count", "failureLimit", "stableHash", "inconclusiveLimit", "weight",
        ]
        let body: [(String, String?)] = [(json, "MeasurementRequest")]
        let all = "Measures and judges all checks."
        let some = "Measures and judges the checks of a concern."
        return [
            "POST /rollouts/analysis": Operation(
                summary: all, tag: "measurements", bodies: body, answers: verdict,
                further: [404, 415]),
            "GET /rollouts/analysis": Operation(
                summary: all, tag: "measurements", parameters: fields, answers: verdict,
                further: [404, 413]),
            "POST /rollouts/analysis/{concern}": Operation(
                summary: some, tag: "measurements", bodies: body, answers: verdict,
                further: [415]),
            "GET /rollouts/analysis/{concern}": Operation(
                summary: some, tag: "measurements", parameters: fields, answers: verdict,
                further: [413]),
            "POST /rollouts/flagger": gate("in the header or in metadata.token"),
            "POST /rollouts/flagger/{token}": gate("in the path"),
            "POST /v1/probes/run": Operation(
                summary: "Runs the probes once, without a verdict or an event.",
                tag: "measurements", parameters: ["probe"],
                answers: answers("ProbeResults", "What each probe returned."), further: [404]),
        ]
    }()

    private static func gate(_ place: String) -> Operation {
        Operation(
            summary: "A verdict as Flagger's gate; the token is \(place).", tag: "measurements",
            bodies: [(json, "Payload")],
            answers: answers("Verdict", "Healthy: the canary continues."),
            further: [401, 403, 404, 409, 429])
    }

    private static let observation: [String: Operation] = [
        "GET /livez": health("Whether the process is alive."),
        "GET /readyz": health("Whether the node is ready; details with the scope read."),
        "GET /metrics": Operation(
            summary: "Metrics in Prometheus' text format.", tag: "observation",
            answers: [
                Answer(text: "The metrics.", media: "text/plain; version=0.0.4; charset=utf-8")
            ],
            further: [429]),
        "GET /v1/status": Operation(
            summary: "Verdicts, incidents, receivers, probes and the log's quota.",
            tag: "observation",
            answers: [Answer(text: "The state of the node.", media: json, schema: "Payload")]),
        "GET /v1/configuration": Operation(
            summary: "The settings in force, secrets masked.", tag: "observation",
            answers: [Answer(text: "YAML.", media: "application/yaml")]),
        "GET /openapi.json": Operation(
            summary: "This description.", tag: "observation",
            answers: [Answer(text: "OpenAPI 3.1.", media: json)]),
    ]

    private static func health(_ summary: String) -> Operation {
        let media = "application/health+json"
        return Operation(
            summary: summary, tag: "observation",
            answers: [
                Answer(text: "Passes, perhaps with a warning.", media: media, schema: "Health"),
                Answer(status: 503, text: "A check fails.", media: media, schema: "Health"),
            ])
    }

    private static let events: [String: Operation] = [
        "GET /v1/events": Operation(
            summary: "Stored events, oldest first, or a stream of new ones.", tag: "events",
            parameters: [
                "since", "until", "where", "anyField", "eventLimit", "after", "follow",
            ],
            answers: [
                Answer(
                    text: "One event a line; with follow=true, server-sent events.",
                    media: "application/x-ndjson")
            ]),
        "GET /v1/events/counts": Operation(
            summary: "Counts of stored events by the values of a field.", tag: "events",
            parameters: ["by", "since", "until", "where", "anyField", "countLimit"],
            answers: answers("Payload", "The counts, the highest first.")),
        "GET /v1/events/stats": Operation(
            summary: "Sizes, span and rate of the log, and its files.", tag: "events",
            answers: answers("Payload", "The figures.")),
        "GET /v1/events/verify": Operation(
            summary: "Checks every archive and index; reads the whole log.", tag: "events",
            answers: answers("Payload", "What is damaged or missing.")),
        "GET /v1/run-ends": Operation(
            summary: "The runs that have ended lately, for gateways.", tag: "events",
            parameters: ["runEndsAfter"], answers: answers("Payload", "The ends.")),
        "POST /v1/events": Operation(
            summary: "Stores events; answers once they are durable, or in its bucket.",
            tag: "events",
            bodies: [
                ("application/x-ndjson", nil), ("application/cloudevents+json", nil),
                ("application/cloudevents-batch+json", nil),
            ],
            answers: answers("Receipt", "At least one event was kept or known."),
            further: [409, 415]),
        "POST /v1/logs": Operation(
            summary: "Stores OTLP/HTTP logs in JSON as events.", tag: "events",
            bodies: [(json, "OTLPLogs")],
            answers: answers("OTLPReceipt", "Stored, perhaps in part."), further: [415]),
    ]

    private static let hooks: [String: Operation] = {
        func hook(_ who: String) -> Operation {
            Operation(
                summary: "Stores what \(who) sends as events.", tag: "hooks",
                bodies: [(json, "Payload")],
                answers: answers("HookReceipt", "The events are stored."), further: [401, 403])
        }
        return [
            "POST /v1/hooks/argo-notifications": hook("Argo's notifications engine"),
            "POST /v1/hooks/alertmanager": hook("Alertmanager"),
            "POST /v1/hooks/flagger": hook("Flagger, with the token in its metadata,"),
            "POST /v1/hooks/flagger/{token}": hook("Flagger"),
        ]
    }()

    private static let digests: [String: Operation] = [
        "GET /v1/digests": Operation(
            summary: "Digests, newest first.", tag: "digests",
            parameters: ["digestLimit", "before"],
            answers: answers("DigestPage", "A page of digests.")),
        "GET /v1/digests/preview": Operation(
            summary: "Digests that would be sent now.", tag: "digests", parameters: ["since"],
            answers: [Answer(text: "The digests.", media: json)]),
        "GET /v1/digests/{id}": Operation(
            summary: "One digest with all its forms.", tag: "digests",
            answers: answers("Digest", "The digest.")),
        "GET /v1/outbox": Operation(
            summary: "Deliveries.", tag: "digests", parameters: ["state", "outboxLimit"],
            answers: answers("Deliveries", "The deliveries.")),
        "POST /v1/outbox/retry-dead": Operation(
            summary: "Makes all dead letters due again.", tag: "digests",
            answers: answers("Count", "How many deliveries are due again.")),
        "POST /v1/outbox/drop": Operation(
            summary: "Drops all deliveries of a state, a receiver or both.", tag: "digests",
            parameters: ["state", "receiver"],
            answers: answers("Count", "How many deliveries are dropped.")),
        "POST /v1/outbox/{id}/retry": Operation(
            summary: "Makes a delivery due now.", tag: "digests",
            answers: answers("Count", "The delivery is due.")),
        "POST /v1/outbox/{id}/drop": Operation(
            summary: "Drops a delivery, which is then not sent.", tag: "digests",
            answers: answers("Count", "The delivery is dropped.")),
        "GET /v1/silences": Operation(
            summary: "Silences in force, or all.", tag: "digests", parameters: ["all"],
            answers: answers("Silences", "The silences.")),
        "POST /v1/silences": Operation(
            summary: "Adds a silence.", tag: "digests", bodies: [(json, "SilenceOrder")],
            answers: answers("SilenceAdded", "The silence is in force."), further: [409]),
        "POST /v1/silences/{id}/expire": Operation(
            summary: "Ends a silence.", tag: "digests",
            answers: [Answer(text: "It has ended.", media: json)]),
        "GET /v1/incidents": Operation(
            summary: "The open incidents, worst first.", tag: "digests",
            answers: answers("Payload", "The incidents.")),
        "POST /v1/incidents/{id}/acknowledge": Operation(
            summary: "Acknowledges an open incident, or ends its acknowledgement.",
            tag: "digests", bodies: [(json, "AcknowledgementOrder")],
            answers: answers("Payload", "The incident."), further: [429]),
    ]

    private static let pair: [String: Operation] = [
        "GET /v1/ha": Operation(
            summary: "Whether this node leads, and the addresses of both nodes of a pair.",
            tag: "observation", answers: answers("Payload", "The role.")),
        "POST /v1/ha/hand-over": Operation(
            summary: "Lets the other node of a pair lead; this one ends with exit status 3.",
            tag: "observation", answers: answers("Payload", "The role."), further: [409, 503]),
    ]

    private static let tokens: [String: Operation] = [
        "GET /v1/tokens": Operation(
            summary: "The tokens of this node, without their texts.", tag: "tokens",
            answers: [Answer(text: "The tokens.", media: json)]),
        "POST /v1/tokens": Operation(
            summary: "Creates a token and returns it once.", tag: "tokens",
            bodies: [(json, "TokenOrder")], answers: answers("Payload", "The token.")),
        "POST /v1/tokens/{id}/revoke": Operation(
            summary: "Ends a token, now or after a time.", tag: "tokens",
            parameters: ["revokeAfter"], answers: answers("Payload", "The token.")),
    ]

    private static let statusPage: [String: Operation] = {
        let html = [Answer(text: "A page for browsers.", media: page)]
        func asset(_ media: String) -> Operation {
            Operation(
                summary: "A file of the status page.", tag: "status page",
                answers: [
                    Answer(text: "The file.", media: media),
                    Answer(status: 304, text: "The file has not changed."),
                ])
        }
        let home = Answer(status: 303, text: "Leads to the page.")
        return [
            "GET /": Operation(
                summary: "The status page, or the form to sign in.", tag: "status page",
                answers: html),
            "GET /attempts/{id}": Operation(
                summary: "One attempt.", tag: "status page", answers: html),
            "GET /digests/{id}": Operation(
                summary: "One digest as sent.", tag: "status page", answers: html),
            "GET /digests/{id}/html": Operation(
                summary: "The HTML of a digest's mail, sandboxed.", tag: "status page",
                answers: html),
            "GET /status/events": Operation(
                summary: "Server-sent events when the page changes.", tag: "status page",
                parameters: ["version"],
                answers: [Answer(text: "A stream.", media: "text/event-stream")]),
            "POST /outbox/{id}/retry": Operation(
                summary: "Makes a delivery due, from the page's form.", tag: "status page",
                bodies: [(form, "RetryForm")], answers: [home]),
            "GET /silences/new": Operation(
                summary: "What a silence would hold back, and the form that adds it.",
                tag: "status page", parameters: ["filter"], answers: html),
            "POST /silences": Operation(
                summary: "Adds a silence, from the page's form.", tag: "status page",
                bodies: [(form, "SilenceForm")], answers: [home], further: [409]),
            "GET /silences/{id}": Operation(
                summary: "One silence.", tag: "status page", answers: html),
            "POST /silences/{id}/end": Operation(
                summary: "Ends a silence, from the page's form.", tag: "status page",
                bodies: [(form, "RetryForm")], answers: [home]),
            "GET /incidents/{id}/acknowledge": Operation(
                summary: "An open incident, and the form that acknowledges it.",
                tag: "status page", answers: html),
            "POST /incidents/{id}/acknowledge": Operation(
                summary: "Acknowledges an incident, from the page's form.", tag: "status page",
                bodies: [(form, "AcknowledgementForm")], answers: [home], further: [429]),
            "POST /sign-in": Operation(
                summary: "Opens a session with a token of the scope read.", tag: "status page",
                bodies: [(form, "SignInForm")], answers: [home], further: [401, 403]),
            "POST /sign-out": Operation(
                summary: "Ends the session.", tag: "status page", answers: html, further: [403]),
            "GET /status.css": asset("text/css; charset=utf-8"),
            "GET /status.js": asset("text/javascript; charset=utf-8"),
            "GET /status.svg": asset("image/svg+xml"),
        ]
    }()
}
