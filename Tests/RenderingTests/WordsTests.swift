import Digests
import Events
import Testing

@testable import Rendering

@Suite("Formatting of numbers and text")
struct WordsTests {
    @Test(
        "Values",
        arguments: [
            (0.019, MetricUnit.ratio, "1.9 %"), (0.002, .ratio, "0.2 %"), (0, .ratio, "0 %"),
            (0.00012, .ratio, "0.012 %"), (0.1234, .ratio, "12 %"), (1, .ratio, "100 %"),
            (0.01, .ratio, "1 %"), (0.0996, .ratio, "10 %"), (0.995, .ratio, "100 %"),
            (420, .milliseconds, "420 ms"), (4.26, .milliseconds, "4.3 ms"),
            (1234.6, .milliseconds, "1,235 ms"), (12_400, .milliseconds, "12 s"),
            (90, .seconds, "1 min 30 s"), (7, .days, "7 d"), (3, .count, "3"),
            (12_345, .count, "12,345"), (1536, .bytes, "1.5 KiB"), (1, .flag, "yes"),
            (0, .flag, "no"), (-0.5, .count, "−0.5"), (120, .perSecond, "120 /s"),
            (.infinity, .ratio, "∞"), (.nan, .ratio, "no number"), (1e300, .count, "1e+300"),
        ] as [(Double, MetricUnit, String)])
    func values(_ value: Double, _ unit: MetricUnit, _ text: String) {
        #expect(HumanNumber.text(value, unit) == text)
    }

    @Test(
        "Two values that differ have texts that differ, with as few digits as show it",
        arguments: [
            (300.4, 300, MetricUnit.milliseconds, "300.4 ms", "300 ms"),
            (300.4, 299.6, .milliseconds, "300.4 ms", "299.6 ms"),
            (420, 300, .milliseconds, "420 ms", "300 ms"),
            (12_345.6, 12_345, .milliseconds, "12.346 s", "12.345 s"),
            (0.01001, 0.01, .ratio, "1.001 %", "1 %"), (0.019, 0.01, .ratio, "1.9 %", "1 %"),
            (90.2, 90, .seconds, "90.2 s", "90 s"), (1234.5, 1234, .count, "1,235", "1,234"),
            (1234.2, 1234, .count, "1,234.2", "1,234"),
            (1_073_741_825, 1_073_741_824, .bytes, "1.000000001 GiB", "1 GiB"),
            // Not "1,024 MiB" beside "1 GiB", nor "10,000 ms" beside "10 s".
            (1_073_500_000, 1_073_741_824, .bytes, "0.9998 GiB", "1 GiB"),
            (9999.8, 10_000, .milliseconds, "9.9998 s", "10 s"),
            (59.8, 60, .seconds, "59 s", "1 min"),
            (1e300, 1.5e300, .count, "1e+300", "1.5e+300"), (5, 5, .count, "5", "5"),
            (.infinity, 5, .count, "∞", "5"),
        ] as [(Double, Double, MetricUnit, String, String)])
    func pairs(_ value: Double, _ limit: Double, _ unit: MetricUnit, _ a: String, _ b: String) {
        #expect(HumanNumber.pair(value, limit, unit) == (a, b))
        #expect(HumanNumber.pair(limit, value, unit) == (b, a))
    }

    @Test("A value just beyond its limit never has the limit's text, in any message")
    func beyond() throws {
        for (value, unit, name, shown) in [
            (300.4, MetricUnit.milliseconds, "canary.p99_ms", "p99 300.4 ms"),
            (299.6, .milliseconds, "canary.p99_ms", "p99 299.6 ms"),
        ] {
            var machine = DigestMachine(settings: DigestSettings(firstAfter: .zero))
            var event = Event(
                ts: HostileDigests.start, level: .error, event: "analysis.unhealthy",
                az: "eu-west-1a", namespace: "prod", rollout: "shop", attempt: 1,
                status: .unhealthy)
            event.id = "e1"
            event.deltas = [
                MetricDelta(metric: name, value: value, limit: 300, unit: unit, state: .fail)
            ]
            machine.observe(
                event, at: LogPosition(segment: 1, offset: 1), now: HostileDigests.start)
            let digest = try #require(
                machine.due(now: HostileDigests.start, caughtUp: true).first)
            let text = Renderer().render(digest).text
            #expect(text.contains(shown), "\(text)")
            #expect(text.contains("limit 300 ms"), "\(text)")
            #expect(!text.contains("p99 300 ms"), "\(text)")
        }
    }

    @Test("A reason is past once the metric is on the other side of the reason's limit")
    func past() throws {
        var machine = DigestMachine(settings: DigestSettings(firstAfter: .zero))
        func observe(_ value: Double, _ state: CheckState, _ attempt: Int) {
            var event = Event(
                ts: HostileDigests.start, level: .error, event: "analysis.unhealthy",
                az: "eu-west-1a", namespace: "prod", rollout: "shop", attempt: attempt,
                status: state == .fail ? .unhealthy : .degraded)
            event.id = "e\(attempt)"
            event.deltas = [
                MetricDelta(
                    metric: "canary.5xx_rate", value: value, limit: state == .fail ? 0.01 : 0.005,
                    unit: .ratio, state: state)
            ]
            event.reasons = [
                Reason(
                    check: "canary.5xx_rate", state: state, value: value,
                    limit: state == .fail ? 0.01 : 0.005,
                    why: state == .fail ? "abs_fail" : "abs_warn")
            ]
            machine.observe(
                event, at: LogPosition(segment: 1, offset: UInt64(attempt)),
                now: HostileDigests.start)
        }
        observe(0.019, .fail, 1)
        observe(0.007, .warn, 2)
        let digest = try #require(machine.due(now: HostileDigests.start, caughtUp: true).first)
        let view = MessageView(digest: digest, options: RenderOptions(), limits: .mail)
        #expect(digest.metrics.first?.value == 0.007)
        let failed = try #require(digest.reasons.first { $0.reason.why == "abs_fail" })
        #expect(view.isPast(failed.reason))
        let warns = try #require(digest.reasons.first { $0.reason.why == "abs_warn" })
        #expect(!view.isPast(warns.reason))
    }

    @Test(
        "A page has one empty line in a row at most, whatever white space it is made of",
        arguments: [
            ("", "\n"), ("\n \n", "\n"), ("a", "a\n"), ("a\n", "a\n"),
            ("\n\na\n\n\nb\n", "a\n\nb\n"),
            ("a\n \t\r\n\u{2003}\n\u{85}\nb", "a\n\nb\n"),
            ("\u{2003}é\n\n ·\n", "\u{2003}é\n\n ·\n"),
            ("a\r\nb", "a\r\nb\n"),
        ])
    func tidy(_ text: String, _ wanted: String) { #expect(text.tidyLines == wanted) }

    @Test(
        "A line has no line break of any kind",
        arguments: [
            ("", ""), (" a ", "a"), ("a\nb\r\nc", "a b c"),
            ("a\u{85}b\u{2028}c\u{2029}d", "a b c d"),
            ("é… 🔴\u{B}x", "é… 🔴 x"),
        ])
    func one(_ text: String, _ wanted: String) { #expect(text.oneLine == wanted) }

    @Test("Only marks of times become dates, beside other characters that begin alike")
    func dates() {
        let moment = Timestamp(milliseconds: 1_766_000_000_123)
        let mark = SlackDate.mark(moment, "19:33Z", isToday: true)
        let text = "\u{FF20}a \(mark)–\u{FF3F}\(mark)\u{FFFD}"
        let date = "<!date^1766000000^{time}|19:33Z>"
        #expect(SlackDate.expand(text) == "\u{FF20}a \(date)–\u{FF3F}\(date)\u{FFFD}")
        #expect(SlackDate.plain(text) == "\u{FF20}a 19:33Z–\u{FF3F}19:33Z\u{FFFD}")
        #expect(SlackDate.plain("\u{FF20}") == "\u{FF20}")
        // A mark without its end stays.
        #expect(SlackDate.plain("a\u{F8F0}1") == "a\u{F8F0}1")
    }

    @Test("Failed handshakes are reported with the reason, the last caller and what to do")
    func handshakes() throws {
        var machine = DigestMachine(settings: DigestSettings(firstAfter: .zero))
        var event = Event(
            ts: HostileDigests.start, level: .warn, event: EventName.tlsRefused, node: "gw-a1",
            az: "eu-west-1a",
            message:
                "5 handshakes failed: this node's certificate has expired (certificate_expired); last from 10.0.0.1"
        )
        event.id = "e1"
        machine.observe(
            event, at: LogPosition(segment: 1, offset: 1), now: HostileDigests.start)
        let digest = try #require(
            machine.due(now: HostileDigests.start + .seconds(60), caughtUp: true).first)
        let text = Renderer().render(digest).text
        for words in [
            "callers cannot connect, TLS handshakes fail for a certificate (tls.refused)",
            "certificate has expired (certificate_expired); last from 10.0.0.1",
            "Argo trusts the system's certificate authorities only", "bellwether check",
        ] { #expect(text.contains(words), "\(text)") }
    }

    @Test("No value is no data")
    func noData() {
        #expect(HumanNumber.text(nil, .ratio) == "no data")
        #expect(HumanNumber.change(from: nil, to: 1, .ratio) == "")
    }

    @Test(
        "Changes",
        arguments: [
            (0.015, 0.019, MetricUnit.ratio, "+0.4 pp"), (360, 420, .milliseconds, "+60 ms"),
            (420, 360, .milliseconds, "−60 ms"), (5, 5, .count, "±0"), (1, 0, .flag, "(was yes)"),
            (1, 1, .flag, ""), (.nan, 1, .count, ""),
        ] as [(Double, Double, MetricUnit, String)])
    func changes(_ old: Double, _ new: Double, _ unit: MetricUnit, _ text: String) {
        #expect(HumanNumber.change(from: old, to: new, unit) == text)
    }

    @Test(
        "Spans",
        arguments: [
            (0, "0 s"), (59, "59 s"), (60, "1 min"), (90, "1 min 30 s"), (720, "12 min"),
            (3600, "1 h"), (4800, "1 h 20 min"), (183_600, "2 d 3 h"), (-5, "−5 s"),
        ])
    func spans(_ seconds: Int, _ text: String) {
        #expect(HumanNumber.span(.seconds(seconds)) == text)
    }

    @Test("Sparklines go from lowest to highest, with gaps where nothing was measured")
    func sparklines() {
        #expect(Sparkline.text([1, 2, 3, 4, 5, 6, 7, 8]) == "▁▂▃▄▅▆▇█")
        #expect(Sparkline.text([0, nil, 10]) == "▁·█")
        #expect(Sparkline.text([5, 5, 5]) == "▁▁▁")
        #expect(Sparkline.text([nil, nil]) == "")
        #expect(Sparkline.text([]) == "")
        #expect(Sparkline.text(Array(repeating: 1, count: 40)).count == 8)
        #expect(Sparkline.text([.nan, 1, .infinity, 2]) == "·▁·█")
        #expect(Sparkline.text([-.greatestFiniteMagnitude, .greatestFiniteMagnitude]).count == 2)
    }

    @Test("Kubernetes names by RFC 1123, and ids of one word")
    func names() {
        for good in ["a", "payments-api", "a.b", "0", String(repeating: "a", count: 253)] {
            #expect(NextSteps.isKubernetesName(good))
        }
        let long = String(repeating: "a", count: 254)
        for bad in ["", "-a", "a-", "A", "a_b", "a b", "a;b", "é", ".a", long] {
            #expect(!NextSteps.isKubernetesName(bad))
        }
        #expect(NextSteps.isIdentifier("gw-a1/4".replacing("/", with: ":")))
        #expect(!NextSteps.isIdentifier("a b") && !NextSteps.isIdentifier("-x"))
    }

    @Test("Links are web addresses only, with names percent-encoded")
    func links() {
        func link(_ template: String?) -> String? {
            RenderOptions.link(template) { $0 == "rollout" ? "a/b c|d>*_" : nil }
        }
        #expect(
            link("https://x.example/{rollout}?q=1")
                == "https://x.example/a%2Fb%20c%7Cd%3E%2A%5F?q=1")
        #expect(link("https://x.example/<b>|\"_~") == "https://x.example/%3Cb%3E%7C%22%5F%7E")
        #expect(link("javascript:alert(1)") == nil)
        #expect(link("https://x.example/{rollout") == nil)
        #expect(link(nil) == nil && link("") == nil)
    }

    @Test("A metric's line names shares of slow requests, and what is over as past")
    func comparisons() {
        let unproven = Reason(
            check: "canary.5xx_rate", state: .warn, value: 0.019, limit: 0.005,
            unproven: Reason.Unproven(limit: 0.01, bound: 0.008, confidence: 0.95), why: "abs_warn")
        let over = "over the fail limit 1 %, not yet proven (95 % lower bound 0.8 %)"
        #expect(PlainWords.comparison(unproven) == over)
        #expect(PlainWords.comparison(unproven, past: true) == "was " + over)
        let slow = Reason(
            check: "canary.p99_ms", state: .fail, value: 0.03, stable: 0.004, unit: .ratio,
            why: "rel_fail_run")
        #expect(
            PlainWords.comparison(slow)
                == "3 % slow requests over the whole run, worse than stable (0.4 %)")
        let nearly = Reason(
            check: "canary.5xx_rate", state: .warn, value: 0.019, limit: 0.005,
            unproven: Reason.Unproven(limit: 0.01, bound: 0.004, confidence: 0.9999),
            why: "abs_warn")
        #expect(PlainWords.comparison(nearly)?.hasSuffix("(99.99 % lower bound 0.4 %)") == true)
        let window = Reason(check: "canary.5xx_rate", state: .warn, why: "rel_warn_window")
        #expect(PlainWords.comparison(window) == "worse than stable in this window")
        #expect(PlainWords.comparison(window, past: true) == "was worse than stable in a window")
    }

    @Test(
        "A growth is shown with the numbers that show it, and as a fall where less is worse",
        arguments: [
            // The value, the limit, the value of earlier attempts.
            (0.02, 0.003, 0.002, "5xx_rate grew from 0.2 % to 2 %", "grew from 0.2 %"),
            (0.0104, 0.0103, 0.01, "5xx_rate grew from 1 % to 1.04 %", "grew from 1 %"),
            (0.9, 0.95, 0.99, "5xx_rate fell from 99 % to 90 %", "fell from 99 %"),
            // An event of an older version: the attempt before was beyond the limit, too.
            (
                0.02, 0.003, 0.03, "5xx_rate 2 % is over the limit 0.3 % of earlier attempts",
                "beyond the limit of earlier attempts"
            ),
            (
                0.02, 0.003, nil, "5xx_rate 2 % is over the limit 0.3 % of earlier attempts",
                "beyond the limit of earlier attempts"
            ),
        ] as [(Double, Double, Double?, String, String)])
    func growth(
        value: Double, limit: Double, previous: Double?, words: String, comparison: String
    ) {
        let reason = Reason(
            check: "canary.5xx_rate", state: .warn, value: value, limit: limit,
            previous: previous, why: "prev_warn")
        #expect(PlainWords.reason(reason) == words)
        #expect(PlainWords.comparison(reason) == comparison)
    }

    @Test(
        "A limit is called a warning limit only if it is the configured one",
        arguments: [
            (
                Reason(
                    check: "canary.5xx_rate", state: .warn, value: 0.02, limit: 0.01,
                    unproven: Reason.Unproven(limit: 0.01, bound: 0.0078, confidence: 0.99),
                    why: "abs_warn"),
                ["over the fail limit 1 %, not yet proven (99 % lower bound 0.78 %)", "limit 1 %"],
                false
            ),
            (
                Reason(
                    check: "canary.5xx_rate", state: .warn, value: 0.02, limit: 0.003,
                    previous: 0.002, why: "prev_warn"),
                ["grew from 0.2 %", "limit of earlier attempts 0.3 %"], false
            ),
            (
                Reason(
                    check: "canary.5xx_rate", state: .warn, value: 0.02, limit: 0.015,
                    stable: 0.01, why: "rel_warn"),
                ["too far from stable", "limit set by stable 1.5 %"], false
            ),
            (
                Reason(
                    check: "canary.5xx_rate", state: .warn, value: 0.02, limit: 0.005,
                    why: "abs_warn"), ["warning limit 0.5 %"], true
            ),
        ] as [(Reason, [String], Bool)])
    func limitNames(reason: Reason, words: [String], isWarning: Bool) throws {
        var machine = DigestMachine(settings: DigestSettings(firstAfter: .zero))
        var event = Event(
            ts: HostileDigests.start, level: .error, event: "analysis.unhealthy",
            az: "eu-west-1a", namespace: "prod", rollout: "shop", attempt: 1, status: .unhealthy)
        event.id = "e1"
        event.deltas = [
            MetricDelta(
                metric: "canary.5xx_rate", value: 0.02, stable: reason.stable, limit: reason.limit,
                unit: .ratio, state: .warn)
        ]
        event.reasons = [reason]
        machine.observe(event, at: LogPosition(segment: 1, offset: 1), now: HostileDigests.start)
        let digest = try #require(machine.due(now: HostileDigests.start, caughtUp: true).first)
        let text = Renderer().render(digest).text
        for part in words { #expect(text.contains(part), "\(text)") }
        #expect(text.contains("warning limit") == isWarning, "\(text)")
    }

    @Test("The reason for a run's end is in a message once, also without the event's message")
    func reasonOnce() throws {
        var digest = try #require(SampleDigests.named.first { $0.name == "ended" }).digest
        let why = "metric \"canary\" assessed Failed"
        digest.outcomeReason = why
        #expect(Renderer().render(digest).text.ranges(of: why).count == 1)
        digest.context = RolloutContext()
        #expect(Renderer().render(digest).text.ranges(of: why).count == 1)
    }

    @Test("Commands name the node in a digest's JSON, too")
    func nodeOption() throws {
        let digest = try #require(SampleDigests.all.first { $0.kind == .failing })
        let rendered = Renderer(options: RenderOptions(nodeOption: "--url x")).render(digest)
        #expect(rendered.text.contains("bellwether explain e-eu-west-1a"))
        #expect(rendered.text.contains(" --url x\n"))
        #expect(rendered.model.contains(#" --url x"}"#))
    }
}

@Suite("A rehearsal's message")
struct RehearsalMessageTests {
    @Test("has the word rehearsal in its subject and in every format")
    func marked() throws {
        var digest = try #require(SampleDigests.all.first { $0.kind == .failing })
        let renderer = Renderer()
        let real = renderer.render(digest)
        #expect(!real.text.contains("Rehearsal"))
        digest.isRehearsal = true
        let rendered = renderer.render(digest)
        #expect(rendered.subject.contains("Rehearsal: "))
        #expect(rendered.text.contains("Rehearsal: "))
        #expect(rendered.slack.contains("Rehearsal: "))
        #expect(rendered.html.contains("Rehearsal: "))
        #expect(rendered.model.contains(#""rehearsal":true"#))
    }
}
