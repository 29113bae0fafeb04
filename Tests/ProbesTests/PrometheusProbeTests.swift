import Events
import Synchronization
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Probes

/// A metrics page whose text and failures are set by a test.
private final class Page: Sendable {
    private struct State {
        var result: Result<String, MissingData> = .success("")
        var reads = 0
    }

    private let state = Mutex(State())

    var reads: Int { state.withLock { $0.reads } }

    func show(_ text: String) { state.withLock { $0.result = .success(text) } }
    func fail(_ reason: MissingDataReason) {
        state.withLock { $0.result = .failure(MissingData(reason)) }
    }

    func read() throws(MissingData) -> [UInt8] {
        let result = state.withLock { state in
            state.reads += 1
            return state.result
        }
        return Array(try result.get().utf8)
    }
}

private func traffic(_ role: String, ok: Int, failed: Int, buckets: [(String, Int)] = []) -> String
{
    """
    http_requests_total{role="\(role)",code="200"} \(ok)
    http_requests_total{role="\(role)",code="503"} \(failed)

    """
        + buckets.map {
            "http_request_duration_seconds_bucket{role=\"\(role)\",le=\"\($0)\"} \($1)\n"
        }.joined()
}

@Suite("Canary and stable from a metrics page")
struct PrometheusProbeTests {
    let clock = ManualClock()
    private let page = Page()
    let probe: PrometheusProbe

    init() {
        probe = PrometheusProbe(
            name: "canary", metrics: RequestMetrics(), wall: clock.wall, deadline: .seconds(1)
        ) { [page] (_) throws(MissingData) in try page.read() }
    }

    /// Measures the `length` before now.
    private func look(_ length: Duration = .seconds(10)) async -> [Signal] {
        await probe.measure(context(now: clock.wall.now, length: length))
    }

    @Test("the first scrape has nothing to compare with")
    func first() async {
        page.show(traffic("canary", ok: 100, failed: 1) + traffic("stable", ok: 900, failed: 2))
        let signals = await look()
        #expect(signals.map(\.name) == probe.signals.map(\.name))
        for name in ["5xx_rate", "requests", "rps"] {
            #expect(signals.reason("canary." + name) == .noSampleYet)
            #expect(signals.reason("stable." + name) == .noSampleYet)
        }
        // The page contains no histogram.
        #expect(signals.reason("canary.p99_ms") == .missingField)
    }

    @Test("rates, counts and the quantile, calculated by hand, with their evidence")
    func numbers() async throws {
        let edges = ["0.1", "0.2", "0.5", "+Inf"]
        page.show(
            traffic(
                "canary", ok: 100, failed: 10, buckets: Array(zip(edges, [50, 80, 90, 110])))
                + traffic("stable", ok: 1000, failed: 0, buckets: Array(zip(edges, [1, 1, 1, 1]))))
        _ = await look(.seconds(30))
        clock.advance(by: .seconds(30))
        // Canary: 294 + 6 = 300 requests; buckets +240, +285, +294, +300.
        page.show(
            traffic(
                "canary", ok: 394, failed: 16, buckets: Array(zip(edges, [290, 365, 384, 410])))
                + traffic("stable", ok: 1000, failed: 0, buckets: Array(zip(edges, [1, 1, 1, 1]))))
        let signals = await look(.seconds(30))
        #expect(signals.number("canary.5xx_rate") == 0.02)
        #expect(signals["canary.5xx_rate"]?.evidence == .counter(failing: 6, total: 300))
        #expect(signals["canary.5xx_rate"]?.unit == .ratio)
        #expect(signals.number("canary.requests") == 300)
        #expect(signals.number("canary.rps") == 10)
        // Rank 297 lies above the last finite edge.
        #expect(signals.number("canary.p99_ms") == 500)
        #expect(
            signals["canary.p99_ms"]?.evidence
                == .histogram(
                    edges: [100, 200, 500, .infinity], cumulative: [240, 285, 294, 300]))
        // Stable's counters did not change.
        #expect(signals.reason("stable.5xx_rate") == .noTraffic)
        #expect(signals.reason("stable.p99_ms") == .noTraffic)
        #expect(signals.number("stable.requests") == 0)
        #expect(signals.number("stable.rps") == 0)
    }

    @Test("adjacent windows share the same counts, whatever scrapes happen in between")
    func windows() async {
        page.show(traffic("canary", ok: 0, failed: 0))
        await probe.sample()
        var counted = 0.0
        for step in 1...5 {
            clock.advance(by: .seconds(6))
            page.show(traffic("canary", ok: step * 100 - 50, failed: 0))
            await probe.sample()
            clock.advance(by: .seconds(6))
            page.show(traffic("canary", ok: step * 100, failed: 0))
            counted += await look(.seconds(12)).number("canary.requests") ?? 0
        }
        #expect(counted == 500)
    }

    @Test("later requests for the same window get the same numbers, without another scrape")
    func frozen() async {
        page.show(traffic("canary", ok: 100, failed: 0))
        await probe.sample()
        clock.advance(by: .seconds(10))
        page.show(traffic("canary", ok: 150, failed: 50))
        let window = context(now: clock.wall.now, length: .seconds(10))
        let first = await probe.measure(window)
        #expect(first.number("canary.5xx_rate") == 0.5)
        let reads = page.reads
        clock.advance(by: .seconds(3))
        page.show(traffic("canary", ok: 9000, failed: 50))
        #expect(await probe.measure(window) == first)
        #expect(page.reads == reads)
    }

    @Test("a window that starts before the first scrape is cut at that scrape")
    func young() async {
        page.show(traffic("canary", ok: 100, failed: 0))
        await probe.sample()
        clock.advance(by: .seconds(4))
        page.show(traffic("canary", ok: 150, failed: 50))
        let signals = await look(.seconds(30))
        #expect(signals.number("canary.5xx_rate") == 0.5)
        #expect(signals.number("canary.rps") == 25)
        // A window that ended before the first scrape has no data.
        let past = context(now: clock.wall.now - .seconds(8), length: .seconds(5))
        #expect(await probe.measure(past).reason("canary.requests") == .noSampleYet)
    }

    @Test("a restart within the window")
    func restart() async {
        page.show(traffic("canary", ok: 1000, failed: 100))
        _ = await look()
        clock.advance(by: .seconds(10))
        page.show(traffic("canary", ok: 9, failed: 1))
        let signals = await look()
        #expect(signals.number("canary.requests") == 10)
        #expect(signals.number("canary.5xx_rate") == 0.1)
    }

    @Test("a missing stable does not affect the canary")
    func noStable() async {
        page.show(traffic("canary", ok: 100, failed: 0))
        _ = await look()
        clock.advance(by: .seconds(10))
        page.show(traffic("canary", ok: 200, failed: 0))
        let signals = await look()
        #expect(signals.number("canary.5xx_rate") == 0)
        for name in ["5xx_rate", "requests", "rps", "p99_ms"] {
            #expect(signals.reason("stable." + name) == .missingField)
        }
    }

    @Test("without a status label no failure is visible: absent, not zero")
    func noStatus() async {
        page.show("http_requests_total{role=\"canary\"} 1\n")
        _ = await look()
        clock.advance(by: .seconds(10))
        page.show("http_requests_total{role=\"canary\"} 11\n")
        let signals = await look()
        #expect(signals.reason("canary.5xx_rate") == .missingField)
        #expect(signals.number("canary.requests") == 10)
    }

    @Test("a page that fails or is malformed: absent, and the next window starts earlier")
    func failures() async {
        page.show(traffic("canary", ok: 100, failed: 0))
        _ = await look()
        for reason in [MissingDataReason.timeout, .refused, .badStatus, .tooLarge] {
            clock.advance(by: .seconds(1))
            page.fail(reason)
            let signals = await look()
            for signal in probe.signals { #expect(signals.reason(signal.name) == reason) }
        }
        page.show("<html>502 Bad Gateway</html>")
        #expect(await look().reason("canary.5xx_rate") == .garbage)
        clock.advance(by: .seconds(1))
        page.show(traffic("canary", ok: 90, failed: 110))
        // 90 < 100: that series restarted; 110 failures and 90 successes since.
        #expect(await look().number("canary.requests") == 200)
    }

    @Test("an abandoned measurement does not shorten the next window")
    func cancelled() async {
        page.show(traffic("canary", ok: 100, failed: 0))
        await probe.sample()
        clock.advance(by: .seconds(10))
        page.show(traffic("canary", ok: 150, failed: 0))
        let lost = Task { [probe, clock] in
            withUnsafeCurrentTask { $0?.cancel() }
            return await probe.measure(context(now: clock.wall.now, length: .seconds(10)))
        }
        #expect(await lost.value.reason("canary.requests") == .cancelled)
        clock.advance(by: .seconds(10))
        page.show(traffic("canary", ok: 200, failed: 0))
        #expect(await look(.seconds(20)).number("canary.requests") == 100)
    }

    @Test("only configured signals are declared and reported")
    func selection() async {
        let metrics = RequestMetrics(
            counter: nil, quantiles: [0.5, 0.999], groups: [.init("web")])
        let probe = PrometheusProbe(
            name: "p", metrics: metrics, wall: clock.wall, deadline: .seconds(1)
        ) { [page] (_) throws(MissingData) in try page.read() }
        #expect(probe.signals.map(\.name) == ["web.p50_ms", "web.p999_ms"])
        page.show("http_request_duration_seconds_bucket{le=\"+Inf\"} 1\n")
        let signals = await probe.measure(context(now: clock.wall.now, length: .seconds(1)))
        #expect(signals.map(\.name) == ["web.p50_ms", "web.p999_ms"])
        clock.advance(by: .seconds(1))
        #expect(
            await probe.measure(context(now: clock.wall.now, length: .seconds(1))).reason(
                "web.p50_ms") == .garbage)
    }

    @Test(
        "an unknown status is missing data that quotes it",
        arguments: ["error", "Unavailable", "5", "5XY", "timeout", "600", "-"])
    func statusWords(word: String) async throws {
        func page(_ n: Int) -> String {
            traffic("stable", ok: n * 10, failed: 0)
                + "http_requests_total{role=\"canary\",code=\"200\"} \(n * 2)\n"
                + "http_requests_total{role=\"canary\",code=\"\(word)\"} \(n)\n"
        }
        self.page.show(page(10))
        _ = await look()
        clock.advance(by: .seconds(10))
        self.page.show(page(20))
        let signals = await look()
        let canary = try #require(signals["canary.5xx_rate"])
        guard case .absent(let why, let detail) = canary.value else {
            Issue.record("\(canary)")
            return
        }
        #expect(why == "garbage")
        #expect(detail.contains("code=\"\(word)\""))
        // Readable values still count, also for the other version.
        #expect(signals.number("canary.requests") == 30)
        #expect(signals.number("stable.5xx_rate") == 0)
    }

    @Test("a series without the status label next to others that have it is missing data")
    func partLabelled() async {
        func page(_ n: Int) -> String {
            traffic("canary", ok: n, failed: 0) + "http_requests_total{role=\"canary\"} \(n)\n"
        }
        self.page.show(page(10))
        _ = await look()
        clock.advance(by: .seconds(10))
        self.page.show(page(20))
        #expect(await look().reason("canary.5xx_rate") == .missingField)
    }

    @Test("requests with an unknown status count also when the last page lacks their series")
    func unknownBefore() async {
        func page(_ n: Int, error: Int?) -> String {
            traffic("canary", ok: n, failed: 0)
                + (error.map { "http_requests_total{role=\"canary\",code=\"error\"} \($0)\n" } ?? "")
        }
        self.page.show(page(10, error: 1))
        _ = await look()
        clock.advance(by: .seconds(10))
        self.page.show(page(20, error: 900))
        #expect(await look().reason("canary.5xx_rate") == .garbage)
        clock.advance(by: .seconds(10))
        self.page.show(page(30, error: 1800))
        await probe.sample()
        clock.advance(by: .seconds(10))
        self.page.show(page(40, error: nil))
        #expect(await look(.seconds(20)).reason("canary.5xx_rate") == .garbage)
    }

    @Test("two alternating processes are missing data; a restart is not")
    func severalProcesses() async throws {
        func page(_ start: Int, _ ok: Int) -> String {
            "process_start_time_seconds \(start)\n" + traffic("canary", ok: ok, failed: 0)
        }
        self.page.show(page(100, 1000))
        _ = await look()
        clock.advance(by: .seconds(10))
        self.page.show(page(200, 10))
        #expect(await look().number("canary.requests") == 10)
        clock.advance(by: .seconds(10))
        self.page.show(page(100, 1010))
        let signals = await look()
        #expect(signals.reason("canary.5xx_rate") == .garbage)
        let requests = try #require(signals["canary.requests"])
        guard case .absent(_, let detail) = requests.value else {
            Issue.record("\(requests)")
            return
        }
        #expect(detail.hasPrefix("several processes answer at this address"))
    }

    @Test("in a probe set: a page that hangs causes repeated timeouts, but one request")
    func hanging() async throws {
        let gate = Latch()
        let reads = Counter()
        let probe = PrometheusProbe(
            name: "canary", metrics: RequestMetrics(), wall: clock.wall,
            deadline: .milliseconds(800)
        ) { (_) throws(MissingData) in
            if reads.add() == 1 { await gate.pass() }
            return Array(traffic("canary", ok: 1, failed: 0).utf8)
        }
        let set = ProbeSet([probe], clock: clock)
        for length in [10, 20] {
            async let run = set.run(
                budget: .seconds(2),
                context: context(now: clock.wall.now, length: .seconds(length)))
            await clock.sleepers(1)
            clock.advance(by: .milliseconds(800))
            #expect(await run[0].outcome == .absent(.timeout))
        }
        #expect(reads.value == 1)
        gate.open()
        let results = await set.run(budget: .seconds(2), context: context(now: clock.wall.now))
        // The page that hung was read in the end, so there is a scrape to compare with.
        #expect(results[0].signals.reason("canary.5xx_rate") == .noTraffic)
    }

    @Test("over HTTP: requests text formats, accepts at most ten megabytes")
    func http() async throws {
        let engine = TransferEngine(telemetry: .silent)
        let size = Counter()
        let server = try ScriptedServer { connection in
            let filler = size.add() == 1 ? 9 << 20 : 11 << 20
            let page = traffic("canary", ok: 5, failed: 0)
            let line = "other{a=\"b\"} 1\n"
            connection.answer(page + String(repeating: line, count: filler / line.utf8.count))
        }
        let probe = PrometheusProbe(
            name: "canary", source: HTTPSource(url: server.url), engine: engine)
        let good = await probe.measure(
            context(now: WallClock.system.now, allowance: .seconds(30)))
        #expect(good.reason("canary.5xx_rate") == .noSampleYet)
        #expect(server.requests[0].contains("\r\nAccept: \(PageFormat.accept)\r\n"))
        let large = await probe.measure(
            context(now: WallClock.system.now, allowance: .seconds(30)))
        #expect(large.reason("canary.5xx_rate") == .tooLarge)
    }
}
