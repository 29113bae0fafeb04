import Digests
import Events
import JSON

/// Digests in which an attacker controls every text.
enum HostileDigests {
    static let start = Timestamp(milliseconds: 1_795_600_800_000)

    /// The text in the golden files.
    static let showcase =
        "<!channel> @here <@U024BE7LH> <https://evil.example|ok> *b* _i_ ~s~ `c` ```d``` :fire: "
        + "<script>alert(1)</script> & \u{202E}gnp.exe\u{202C} \u{200B}\u{0}\u{7}\r\nBcc: x@y.z"

    /// Fragments with a meaning in markup, a terminal, a mail, or to the eye.
    static let pieces = [
        "<!channel>", "<!everyone>", "<!here|here>", "@channel", "@everyone", "<@U024BE7LH>",
        "<#C024BE7LR>", "<!subteam^S1>", "<!date^0^x|y>", "<https://evil.example|runbook>",
        "https://evil.example/", "*bold*", "_it_", "~gone~", "`code`", "```", "&amp;", "&lt;", "&",
        "<", ">", "<script>", "</script>", "<img src=x onerror=alert(1)>", "\"", "'",
        "{{headline}}",
        "{{{x}}}", "{{>html}}", "\r\n", "\n", "\r\nBcc: a@b.c", "\u{0}", "\u{1B}[2J", "\u{7}",
        "\u{85}", "\u{202E}", "\u{2066}", "\u{200F}", "\u{200B}", "\u{FEFF}", "\u{2028}",
        "\u{E0041}",
        "\u{E000}", "\u{FFFF}", "é", "日本語", "👩‍👩‍👧", "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
        "$(reboot)", "; rm -rf /", "`id`", "|", "\\", "%00", ":fire:", ":+1:", "payments-api", "x",
        String(repeating: "A", count: 300), String(repeating: "&", count: 400),
        String(repeating: "<", count: 3000), String(repeating: "```", count: 300), "",
    ]

    /// A failing digest with `text` wherever a sender controls the text.
    static func one(saying text: String) -> Digest {
        all(saying: { text })[0]
    }

    /// One digest of each kind of event, with a new text for each field.
    static func all(saying text: () -> String) -> [Digest] {
        var machine = DigestMachine(settings: DigestSettings(firstAfter: .zero, maxGroups: 4))
        var end = LogPosition(segment: 1, offset: 0)
        func observe(_ event: Event) {
            end.offset += 100
            machine.observe(event, at: end, now: start)
        }
        for n in 0..<6 {
            for metrics in 0..<5 {
                var event = Event(ts: start, level: .error, event: "analysis.unhealthy")
                event.id = text()
                event.az = text()
                event.node = text()
                event.namespace = "prod"
                event.rollout = "payments-api"
                event.concern = text()
                event.attempt = n
                event.status = .unhealthy
                event.deltas = (0...metrics).map { _ in
                    MetricDelta(
                        metric: text(), value: 0.5, previous: .infinity, stable: .nan, limit: -0.0,
                        unit: .ratio, state: .fail)
                }
                event.reasons = [
                    Reason(check: text(), state: .fail, value: 1, why: text(), detail: text()),
                    Reason(check: text(), state: .nodata, why: "timeout", detail: text()),
                ]
                event.policy = text()
                event.binary = text()
                observe(event)
            }
            var notice = Event(ts: start, level: .warn, event: text() + "!")
            notice.namespace = "prod"
            notice.rollout = "payments-api"
            notice.az = text()
            notice.message = text()
            observe(notice)
        }
        var digests = machine.due(now: start, caughtUp: true)
        for n in 0..<40 {
            var event = Event(ts: start, level: .error, event: "x")
            event.namespace = text()
            event.rollout = text() + "\(n)"
            event.revision = text()
            event.status = n % 2 == 0 ? .unhealthy : nil
            event.message = text()
            observe(event)
        }
        digests += machine.due(now: start + .seconds(60), caughtUp: true)
        return digests
    }

    /// The messages of one incident that begins with a notice.
    static func incident(_ machine: inout DigestMachine) -> [Digest] {
        var said: [Digest] = []
        let steps: [(VerdictStatus?, String)] = [
            (nil, "a"), (.degraded, "a"), (.unhealthy, "b"), (.healthy, "a"), (.healthy, "b"),
        ]
        var now = start
        for (i, (status, az)) in steps.enumerated() {
            let event = Event(
                ts: now, level: .warn, event: status == nil ? "backup.slow" : "x", az: az,
                namespace: "prod", rollout: "payments-api", attempt: i, status: status)
            machine.observe(
                event, at: LogPosition(segment: 1, offset: UInt64(i + 1)), now: now)
            now = now + .seconds(120)
            said += machine.due(now: now, caughtUp: true)
        }
        return said
    }

    /// The roll-up of this many groups, with long names.
    static func storm(_ machine: inout DigestMachine, groups: Int) -> [Digest] {
        for n in 0..<groups {
            var event = Event(ts: start, level: .error, event: "analysis.unhealthy")
            event.az = String(repeating: "z", count: 90)
            event.namespace = String(repeating: "&", count: 90)
            event.rollout = "service-\(n)-" + String(repeating: "<", count: 90)
            event.status = .unhealthy
            machine.observe(
                event, at: LogPosition(segment: 1, offset: UInt64(n + 1)), now: start)
        }
        return machine.due(now: start + .seconds(10), caughtUp: true)
    }
}
