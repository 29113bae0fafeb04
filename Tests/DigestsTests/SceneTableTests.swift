import Digests
import Events
import JSON
import Testing

/// The scenes as one table: messages, the first red one after the verdict, the time to "aborted".
///
/// By the digests' own clock, up to the moment when a message is composed; delivery has its own
/// tests, and `AwaySceneTests` the scene of a receiver that is away. `swift test --filter SceneTableTests` prints it.
@Suite("The table of scenes")
struct SceneTableTests {
    private struct Scene: Sendable {
        let name: String
        /// Messages over the whole scene.
        let messages: ClosedRange<Int>
        /// The longest time from the verdict to the first red message, in milliseconds.
        var red: Int?
        /// The longest time from Argo's abort to the message that says so.
        var aborted: Int?
        /// Plays the scene; returns when the first verdict turned red and when Argo aborted.
        let play: @Sendable (inout LogScript) -> (red: Timestamp?, aborted: Timestamp?)
    }

    private static func attempt(
        _ log: inout LogScript, _ n: Int, _ statuses: [(az: String, status: VerdictStatus)],
        rollout: String = "payments-api", failureLimit: Int? = nil
    ) {
        for (az, status) in statuses {
            var event = log.verdict(
                status, az: az, attempt: n, rate: status == .healthy ? 0.001 : 0.019,
                rollout: rollout, series: "s/1")
            if let failureLimit {
                event.extra.append(.init("failure_limit", .number("\(failureLimit)")))
            }
            log.write(event)
        }
    }

    private static func storm(_ count: Int) -> Scene {
        Scene(name: "\(count) rollouts in a second", messages: 1...2, red: 10_000) { log in
            let red = log.now
            for n in 1...20 {
                for number in 0..<count {
                    attempt(
                        &log, n, [("a", n < 14 ? .unhealthy : .healthy)], rollout: "r\(number)")
                }
                log.pass(milliseconds: 30_000)
            }
            log.pass(milliseconds: 60_000)
            return (red, nil)
        }
    }

    private static let scenes: [Scene] = [
        Scene(
            name: "failing in two zones, aborted", messages: 4...4, red: 10_000, aborted: 1000
        ) { log in
            attempt(&log, 1, [("a", .unhealthy), ("b", .healthy)], failureLimit: 2)
            let red = log.now
            for n in 2...3 {
                log.pass(milliseconds: 30_000)
                attempt(&log, n, [("a", .unhealthy), ("b", .unhealthy)], failureLimit: 2)
            }
            log.pass(milliseconds: 2000)
            let aborted = log.now
            log.write(log.hook("aborted"))
            log.pass(milliseconds: 600_000)
            return (red, aborted)
        },
        Scene(
            name: "no failure tolerated, aborted", messages: 2...2, red: 1000, aborted: 1000
        ) { log in
            attempt(&log, 1, [("a", .unhealthy)], failureLimit: 0)
            let red = log.now
            log.pass(milliseconds: 2000)
            let aborted = log.now
            log.write(log.hook("aborted"))
            log.pass(milliseconds: 600_000)
            return (red, aborted)
        },
        Scene(name: "recovery", messages: 2...2, red: 10_000) { log in
            let red = log.now
            for n in 1...12 {
                attempt(&log, n, [("a", n < 4 ? .unhealthy : .healthy)])
                log.pass(milliseconds: 30_000)
            }
            return (red, nil)
        },
        Scene(name: "flapping for half an hour", messages: 2...3, red: 10_000) { log in
            let red = log.now
            for n in 1...60 {
                attempt(&log, n, [("a", n % 2 == 1 ? .unhealthy : .healthy)])
                log.pass(milliseconds: 30_000)
            }
            return (red, nil)
        },
        Scene(name: "two zones that fail in turn, 20 min", messages: 2...4, red: 10_000) { log in
            let red = log.now
            for n in 1...40 {
                let (a, b): (VerdictStatus, VerdictStatus) =
                    n % 2 == 1 ? (.unhealthy, .healthy) : (.healthy, .unhealthy)
                attempt(&log, n, [("a", a), ("b", b)])
                log.pass(milliseconds: 30_000)
            }
            return (red, nil)
        },
        storm(20), storm(60),
        Scene(name: "disk full", messages: 1...2, red: 1000) { log in
            let red = log.now
            log.write(log.notice(EventName.logPressure, level: .error))
            for _ in 0..<50 {
                log.pass(milliseconds: 10_000)
                log.write(log.notice(EventName.logTrimmed))
            }
            log.pass(milliseconds: 60_000)
            return (red, nil)
        },
        Scene(name: "a paused canary without an attempt, 1 h", messages: 4...4) { log in
            attempt(&log, 1, [("a", .unknown)])
            log.pass(milliseconds: 60_000)
            log.write(log.hook("paused"))
            log.pass(milliseconds: 3_601_000)
            return (nil, nil)
        },
        Scene(name: "acknowledged, failing for 2 h", messages: 2...2, red: 10_000) { log in
            attempt(&log, 1, [("a", .unhealthy)])
            let red = log.now
            log.pass(milliseconds: 11_000)
            let until = log.now + .seconds(7200)
            log.write(
                Event(
                    id: "ack", ts: log.now, event: EventName.incidentAcknowledged,
                    extra: [
                        .init("incident", .string(log.machine.openIncidents.first?.id ?? "")),
                        .init("who", .string("ann")), .init("until", .string(until.rfc3339)),
                    ]))
            for n in 2...230 {
                log.pass(milliseconds: 30_000)
                attempt(&log, n, [("a", .unhealthy)])
            }
            return (red, nil)
        },
        Scene(name: "refused clients and a wrong path, 40 each", messages: 0...0) { log in
            for name in [EventName.requestRefused, EventName.authRefused] {
                for _ in 0..<40 { log.write(log.notice(name, level: .info)) }
            }
            log.pass(milliseconds: 3_600_000)
            return (nil, nil)
        },
        Scene(name: "a gateway silent for an hour, then back", messages: 2...2, red: 1000) { log in
            let red = log.now
            log.write(log.notice(EventName.gatewaySilent, level: .error, node: "gw-b1"))
            log.pass(milliseconds: 3_600_000)
            log.write(log.notice(EventName.gatewayBack, level: .info, node: "gw-b1"))
            log.pass(milliseconds: 120_000)
            return (red, nil)
        },
    ]

    @Test("each scene causes the messages that it should, in time")
    func table() {
        print("scene | messages | first red after the verdict | time to aborted")
        for scene in Self.scenes {
            var log = LogScript(DigestSettings(route: DigestRoute(receivers: ["oncall"])))
            let (red, aborted) = scene.play(&log)
            let said = log.said()
            func milliseconds(_ digest: Digest?, since moment: Timestamp?) -> Int? {
                guard let digest, let moment else { return nil }
                return Int((digest.composedAt - moment) / .milliseconds(1))
            }
            let first = milliseconds(said.first, since: red)
            let end = milliseconds(said.first { $0.outcome == "aborted" }, since: aborted)
            func shown(_ value: Int?) -> String { value.map { "\($0) ms" } ?? "–" }
            print("\(scene.name) | \(said.count) | \(shown(first)) | \(shown(end))")
            #expect(scene.messages.contains(said.count), "\(scene.name): \(said.map(\.kind))")
            if let limit = scene.red {
                #expect(first.map { $0 <= limit } == true, "\(scene.name): \(shown(first))")
            }
            if let limit = scene.aborted {
                #expect(end.map { $0 <= limit } == true, "\(scene.name): \(shown(end))")
            }
        }
    }
}
