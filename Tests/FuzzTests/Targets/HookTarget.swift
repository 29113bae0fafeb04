import Events
import HTTPTypes
import JSON
import Server

@testable import EventLog
@testable import Notifier

/// Untrusted bodies sent to the hooks.
///
/// Each is refused with a 4xx, or the log accepts every event created from it, and creating it
/// again gives the same event.
///
/// The input: which hook, a shape; then a body by grammar, or the rest unchanged. The second and
/// third bit of the shape choose another format instead of a hook (`FormBody`).
enum HookTarget {
    private static let now = Timestamp(milliseconds: 1_795_413_600_000)

    static func run(_ bytes: [UInt8]) throws {
        var grammar = LineGrammar(InputBytes(bytes))
        let hook = grammar.byte() % 3
        let shape = grammar.byte()
        if let form = FormBody(rawValue: shape >> 1 & 3) {
            return try form.check(&grammar, raw: shape & 1 == 1)
        }
        let payload: JSONValue
        if shape & 1 == 0 {
            payload = made(hook, &grammar)
        } else {
            guard
                let parsed = try? JSONValue(
                    parsing: Array(grammar.input.rest),
                    limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 64))
            else { return }
            payload = parsed
        }
        let lines = try self.lines(hook, payload)
        try require(lines == (try self.lines(hook, payload)), "another event the second time")
    }

    private static func lines(_ hook: UInt8, _ payload: JSONValue) throws -> [[UInt8]] {
        let events: [Event]
        do throws(Problem) {
            events =
                switch hook {
                case 0: try ArgoNotification.events(payload, now)
                case 1: try FlaggerHook.events(payload, now)
                default: try AlertmanagerHook.events(payload, now)
                }
        } catch {
            try require((400..<500).contains(error.status.code), "refused with \(error.status)")
            return []
        }
        _ = FlaggerHook.token(of: payload)
        return try events.map { event in
            var event = event
            event.node = "notify-1"
            let line = HookText.fitting(event).line
            do throws(EventFault) { _ = try ScannedLine(line) } catch {
                throw Finding(
                    "the log refuses an event of the hook: \(error): "
                        + String(decoding: line.prefix(300), as: UTF8.self))
            }
            return line
        }
    }

    // MARK: - Bodies

    private static let triggers = [
        "on-rollout-aborted", "on-rollout-completed", "on-rollout-paused",
        "on-analysis-run-failed", "on-analysis-run-running", "on-analysis-run-inconclusive", "on-x",
    ]
    private static let phases = [
        "Succeeded", "Failed", "Waiting", "Progressing", "", "commit", "X\u{202E}\n y",
        String(repeating: "Z", count: 300), "\u{130}\u{1E9E}",
    ]

    private static func made(_ hook: UInt8, _ grammar: inout LineGrammar) -> JSONValue {
        switch hook {
        case 0:
            return object([
                ("trigger", .string(grammar.choose(triggers))),
                (
                    "object",
                    object([
                        ("metadata", metadata(&grammar)),
                        (
                            "status",
                            object([
                                ("message", any(&grammar)), ("phase", any(&grammar)),
                                ("currentStepIndex", any(&grammar)),
                                ("currentPodHash", any(&grammar)),
                                (
                                    "pauseConditions",
                                    .array([object([("reason", any(&grammar))])])
                                ),
                                (
                                    "canary",
                                    object([
                                        (
                                            "currentStepAnalysisRunStatus",
                                            object([
                                                ("name", any(&grammar)), ("status", any(&grammar)),
                                                ("message", any(&grammar)),
                                            ])
                                        )
                                    ])
                                ),
                            ])
                        ),
                    ])
                ),
            ])
        case 1:
            return object([
                ("name", any(&grammar)), ("namespace", any(&grammar)),
                ("phase", .string(grammar.choose(phases))), ("checksum", any(&grammar)),
                ("type", .string(grammar.choose(["event", "rollout", "rollback"]))),
                ("failedChecks", any(&grammar)), ("buildId", any(&grammar)),
                (
                    "metadata",
                    object([
                        ("eventMessage", any(&grammar)),
                        ("eventType", .string(grammar.choose(["Warning", "Normal", ""]))),
                        ("timestamp", .string(grammar.choose(LineGrammar.numbers))),
                        (grammar.choose(LineGrammar.texts), any(&grammar)),
                    ])
                ),
            ])
        default:
            var alerts: [JSONValue] = []
            for _ in 0..<Int(grammar.byte() % 4) {
                alerts.append(
                    object([
                        ("status", .string(grammar.choose(["firing", "resolved", "firing", "x"]))),
                        ("startsAt", .string(grammar.choose(LineGrammar.times))),
                        ("endsAt", .string(grammar.choose(LineGrammar.times))),
                        ("generatorURL", any(&grammar)), ("fingerprint", any(&grammar)),
                        (
                            "labels",
                            object([
                                ("alertname", any(&grammar)), ("severity", any(&grammar)),
                                ("rollout", any(&grammar)), ("namespace", any(&grammar)),
                                (grammar.choose(LineGrammar.texts), any(&grammar)),
                            ])
                        ), ("annotations", object([("summary", any(&grammar))])),
                    ]))
            }
            return object([
                ("alerts", .array(alerts)), ("receiver", any(&grammar)),
                ("groupKey", any(&grammar)), ("commonLabels", metadata(&grammar)),
                ("truncatedAlerts", .number(grammar.choose(LineGrammar.numbers))),
            ])
        }
    }

    private static func metadata(_ grammar: inout LineGrammar) -> JSONValue {
        object([
            ("name", any(&grammar)), ("namespace", any(&grammar)), ("uid", any(&grammar)),
            ("resourceVersion", any(&grammar)), ("rollout", any(&grammar)),
            ("annotations", object([("rollout.argoproj.io/revision", any(&grammar))])),
            (
                "ownerReferences",
                .array([object([("kind", .string("Rollout")), ("name", any(&grammar))])])
            ),
        ])
    }

    private static func object(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(members.map { JSONValue.Member($0.0, $0.1) })
    }

    private static func any(_ grammar: inout LineGrammar) -> JSONValue { grammar.value(depth: 1) }
}
