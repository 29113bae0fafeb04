import Delivery
import Events
import Foundation
import JSON
@testable import EventLog
import Testing

@testable import Console

@Suite("The overview")
struct OverviewPageTests {
    private static let metrics: [(String, MetricUnit)] = [
        ("canary.5xx_rate", .ratio), ("canary.p99_ms", .milliseconds),
        ("canary.rps", .perSecond), ("dependency.db_ms", .milliseconds),
    ]

    /// `count` rollouts with `attempts` attempts in two zones.
    private static func board(_ count: Int, attempts: Int) -> RolloutBoard {
        var board = RolloutBoard()
        for number in 0..<count {
            for attempt in 1...attempts {
                for az in ["eu-west-1a", "us-east-1b"] {
                    let deltas = metrics.map { name, unit in
                        MetricDelta(
                            metric: name, value: Double(attempt) * 0.003, stable: 0.002,
                            limit: 0.05, unit: unit, state: attempt > 10 ? .warn : .pass)
                    }
                    board.observe(
                        RolloutBoardTests.event(
                            "rollout-\(number)", az: az, attempt: attempt,
                            attempt > 18 ? .unhealthy : .healthy, second: attempt,
                            deltas: deltas), from: .start)
                }
            }
        }
        return board
    }

    private static func view(_ board: RolloutBoard) -> ConsoleView {
        ConsoleView(
            node: NodeFacts(
                name: "n1", az: "a", roles: ["gateway"], version: "0", binary: "sha256:1"),
            viewer: Viewer(name: "ann", formToken: "f", mayChange: true),
            now: RolloutBoardTests.start + .seconds(30), board: board, version: board.version,
            log: EventLogStatus.sample, space: nil, probes: [], forward: nil,
            deliveries: nil, digestFault: "")
    }

    @Test("every verdict has a letter and a link, every table headers, every chart a text")
    func grid() {
        let page = OverviewPage(view: Self.view(Self.board(1, attempts: 20)))
        let html = String(decoding: page.html.bytes, as: UTF8.self)
        #expect(html.matches(of: /<a class="cell healthy"[^>]*aria-label="attempt/).count == 36)
        #expect(html.matches(of: /<a class="cell unhealthy"[^>]*>U</).count == 4)
        #expect(html.contains("<th scope=\"row\">eu-west-1a"))
        #expect(html.matches(of: /<svg [^>]*role="img" aria-label="[^"]+"/).count == 4)
        #expect(html.contains("limit 5 %"))
        for place in ["<main ", "<header ", "lang=\"en\"", "class=\"skip\""] {
            #expect(html.contains(place))
        }
        #expect(!html.contains("style="))
        #expect(!html.contains(" onclick"))
    }

    @Test("a chart labels a failing metric as failing, also one that is below its limit")
    func failsWithinItsLimit() {
        // Worse than stable over the run, below the limit.
        let delta = MetricDelta(
            metric: "canary.p99_ms", value: 443, stable: 187, limit: 500, unit: .milliseconds,
            state: .fail)
        var board = RolloutBoard()
        board.observe(
            RolloutBoardTests.event("shop", az: "a", .unhealthy, deltas: [delta]), from: .start)
        let html = String(
            decoding: OverviewPage(view: Self.view(board)).html.bytes, as: UTF8.self)
        #expect(html.contains("fails"))
        #expect(!html.contains("over the limit"))
    }

    @Test("a value just beyond its limit never has the limit's text; rules show what they judged")
    func beyondItsLimit() {
        var event = RolloutBoardTests.event(
            "shop", az: "a", .unhealthy,
            deltas: [
                MetricDelta(
                    metric: "canary.p99_ms", value: 300.4, stable: 299.8, limit: 300,
                    unit: .milliseconds, state: .fail),
                MetricDelta(
                    metric: "canary.5xx_rate", value: 0.0125, limit: 0.05, unit: .ratio,
                    state: .fail),
            ])
        event.reasons = [
            Reason(
                check: "canary.p99_ms", state: .fail, value: 300.4, limit: 300, why: "abs_fail"),
            Reason(
                check: "canary.5xx_rate", state: .fail, value: 0.0175, stable: 0.00125,
                why: "rel_fail_run"),
            Reason(
                check: "canary.5xx_rate", state: .warn, value: 0.02, limit: 0.005,
                unproven: .init(limit: 0.01, bound: 0.008, confidence: 0.99), why: "abs_warn"),
            Reason(check: "gateway.disk_ok", state: .fail, value: 0, limit: 0.5, why: "rel_fail"),
        ]
        var board = RolloutBoard()
        board.observe(event, from: .start)
        let view = Self.view(board)
        let chart = String(decoding: OverviewPage(view: view).html.bytes, as: UTF8.self)
        #expect(chart.contains(">300.4 ms<"))
        #expect(chart.contains(">limit 300 ms<"))
        #expect(chart.contains("from 300.4 ms to 300.4 ms, stable 299.8 ms; limit 300 ms"))
        let page = String(
            decoding: AttemptPage(
                event: event, node: view.node, viewer: view.viewer, now: view.now
            ).html.bytes, as: UTF8.self)
        #expect(page.contains(#"<td class="number">300.4 ms</td><td class="number">300 ms</td>"#))
        #expect(page.contains("abs_fail: 300.4 ms against 300 ms<"))
        #expect(page.contains("<code>rel_fail</code>"), "no numbers of a yes or no")
        #expect(
            page.contains("rel_fail_run: 1.75 % over the whole run against stable 0.125 %<"))
        #expect(
            page.contains(
                "abs_warn: 2 % against 0.5 %, over the fail limit 1 %, not yet proven (99 % lower bound 0.8 %)<"
            ))
    }

    @Test("an attempt's page names the policy that judged it, and what selected each probe's data")
    func judged() {
        func page(_ extra: [JSONValue.Member]) -> String {
            var event = RolloutBoardTests.event("shop", az: "a", .degraded)
            event.extra += extra
            let view = Self.view(RolloutBoard())
            return String(
                decoding: AttemptPage(
                    event: event, node: view.node, viewer: view.viewer, now: view.now
                ).html.bytes, as: UTF8.self)
        }
        let scope = JSONValue.object([
            .init("canary", .array([.string("rollout"), .string("canary_hash")])),
            .init("disk", .array([])),
        ])
        let named = page([
            .init("policy_name", .string("payments")),
            .init("document", .object([.init("scope", scope)])),
        ])
        for row in [
            "<dt>Judged by</dt><dd>payments</dd>",
            "<dt>Policy</dt><dd><code>sha256:p</code></dd>",
            "<dt>Data of canary</dt><dd>rollout, canary_hash</dd>",
            "<dt>Data of disk</dt><dd>the same for all rollouts</dd>",
        ] { #expect(named.contains(row), "\(row)") }
        // An event of an earlier version has no name.
        #expect(!page([]).contains("Judged by"))
    }

    @Test("texts from events are inert everywhere")
    func hostile() {
        let evil = "\"><script>alert(1)</script><img src=x onerror=alert(1)>"
        var event = RolloutBoardTests.event(evil, az: evil, .unhealthy)
        event.namespace = evil
        event.revision = evil
        event.concern = evil
        event.node = evil
        event.id = evil
        event.message = evil
        event.policy = evil
        event.binary = evil
        event.deltas = [
            MetricDelta(metric: evil, value: 1, stable: 1, limit: 2, unit: .count, state: .fail)
        ]
        event.reasons = [Reason(check: evil, state: .fail, why: evil, detail: evil)]
        var board = RolloutBoard()
        board.observe(event, from: .start)
        let view = Self.view(board)
        let pages = [
            OverviewPage(view: view).html,
            AttemptPage(event: event, node: view.node, viewer: view.viewer, now: view.now).html,
            DigestPage(
                id: evil, subject: evil, kind: evil, composedAt: view.now, text: evil, slack: evil,
                node: view.node, viewer: view.viewer, now: view.now
            ).html,
        ]
        for page in pages {
            let html = String(decoding: page.bytes, as: UTF8.self)
            #expect(html.contains("&lt;script&gt;alert(1)"))
            #expect(!html.contains("<script>"))
            #expect(!html.contains("<img src=x"))
            #expect(!html.contains("\"><" + "script"))
        }
    }

    @Test("rollouts with many zones, metrics and long names make a page of limited size")
    func bounded() {
        var board = RolloutBoard()
        let long = String(repeating: "\"", count: 190)
        for number in 0..<50 {
            for az in 0..<24 {
                for attempt in 1...5 {
                    var event = RolloutBoardTests.event(
                        "\(long)\(number)", az: "\(long)\(az)", attempt: attempt,
                        second: attempt,
                        deltas: (0..<12).map {
                            MetricDelta(
                                metric: "\(long)\(az).\(attempt).\($0)", value: 1, limit: 2,
                                unit: .count, state: .pass)
                        })
                    event.id = "\(long)\(attempt)"
                    board.observe(event, from: .start)
                }
            }
        }
        let html = String(
            decoding: OverviewPage(view: Self.view(board)).html.bytes, as: UTF8.self)
        #expect(html.utf8.count < 6 << 20)
        #expect(html.contains(" more.</p>"))
    }

    @Test("fifty rollouts of twenty attempts make a page, again and again")
    func large() {
        let view = Self.view(Self.board(50, attempts: 20))
        let rounds = Int(ProcessInfo.processInfo.environment["BELLWETHER_PAGE_ROUNDS"] ?? "") ?? 3
        let begun = ContinuousClock.now
        var bytes = 0
        for _ in 0..<rounds { bytes = OverviewPage(view: view).html.bytes.count }
        let took = (ContinuousClock.now - begun) / rounds
        print("page of 50 rollouts × 20 attempts: \(bytes) bytes in \(took)")
        #expect(bytes > 100_000)
        #expect(bytes < 2_000_000)
    }
}

extension EventLogStatus {
    static let sample = EventLogStatus(
        head: .start, shedding: nil, durability: .commit, usedBytes: 1 << 20, maxBytes: 1 << 30,
        archives: 3, unsealed: 0, oldestSegment: 1, appended: 7, duplicates: 0, rejected: 0,
        shed: KindCounts(), deferred: 0, isOpen: true)
}
