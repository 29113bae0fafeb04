import Arguments
import Events
import Synchronization
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Probes

private func request(
    _ rollout: String, _ more: [MeasurementArgument: String] = [:],
    now: Timestamp = Timestamp(milliseconds: 1_766_000_000_000), length: Duration = .seconds(10)
) -> MeasurementContext {
    MeasurementContext(
        window: MeasurementWindow(start: now - length, end: now), now: now,
        arguments: MeasurementArguments(more.merging([.rollout: rollout]) { $1 }),
        allowance: .seconds(10))
}

/// Reports the length of the rollout's name, once its gate is open.
private struct Measuring: Probe {
    let name = "canary"
    let deadline = Duration.seconds(10)
    let signals = [SignalDeclaration("canary.length")]
    var arguments: Set<MeasurementArgument> = [.rollout]
    let gate: Latch
    let looks = Counter()

    func measure(_ context: MeasurementContext) async -> [Signal] {
        looks.add()
        await gate.pass()
        return [signals[0].number(Double(context.arguments[.rollout]?.count ?? 0))]
    }
}

@Suite("Measurement per rollout")
struct ArgumentProbeTests {
    let clock = ManualClock()

    @Test("two rollouts measured at once never get each other's numbers; one rollout shares a run")
    func flights() async {
        let gate = Latch()
        let probe = Measuring(gate: gate)
        let set = ProbeSet([probe])
        await withTaskGroup(of: (String, [ProbeResult]).self) { group in
            for name in ["a", "bb", "ccc", "a", "bb", "ccc"] {
                group.addTask {
                    (name, await set.run(budget: .seconds(10), context: request(name)))
                }
            }
            await eventuallyTrue { set.waiting(for: probe) == 6 }
            gate.open()
            for await (name, results) in group {
                #expect(results[0].signals.number("canary.length") == Double(name.count))
            }
        }
        #expect(probe.looks.value == 3)
    }

    private func eventuallyTrue(_ condition: () -> Bool) async {
        while !condition() { await Task.yield() }
    }

    @Test("a probe without arguments shares its run between rollouts")
    func shared() async {
        let gate = Latch()
        let probe = Measuring(arguments: [], gate: gate)
        let set = ProbeSet([probe])
        async let first = set.run(budget: .seconds(10), context: request("a"))
        async let second = set.run(budget: .seconds(10), context: request("bb"))
        await eventuallyTrue { set.waiting(for: probe) == 2 }
        gate.open()
        _ = await (first, second)
        #expect(probe.looks.value == 1)
    }

    private func probe(limit: Int = 512, made: Counter = Counter()) throws -> ArgumentProbe {
        let path = try ArgumentText("/nowhere/$rollout/$canary_hash.json")
        return ArgumentProbe(
            like: FileProbe(name: "report", path: "/nowhere", maxAge: .seconds(1)),
            source: path.arguments, address: "/nowhere/$rollout/$canary_hash.json", limit: limit,
            clock: clock
        ) { (values) throws(ArgumentFault) in
            made.add()
            return FileProbe(
                name: "report", path: try path.filled(with: values, in: .path),
                maxAge: .seconds(1))
        }
    }

    @Test("the reason names the probe, its address, and an argument that the request lacks")
    func reasons() async throws {
        let set = ProbeSet([try probe()])
        func detail(_ context: MeasurementContext) async -> (why: String, detail: String)? {
            let signal = await set.run(budget: .seconds(5), context: context)[0].signals[0]
            guard case .absent(let why, let detail) = signal.value else { return nil }
            return (why, detail)
        }
        let found = try #require(await detail(request("shop", [.canaryHash: "6c54"])))
        #expect(found.why == "missing_file")
        #expect(found.detail.hasPrefix("report at /nowhere/shop/6c54.json: "))
        let missing = try #require(await detail(request("shop")))
        #expect(missing.why == "missing_argument")
        #expect(
            missing.detail
                == "report at /nowhere/$rollout/$canary_hash.json: the request has no canaryHash, which $canary_hash needs"
        )
        let bad = try #require(await detail(request("shop", [.canaryHash: "../../etc/passwd"])))
        #expect(bad.why == "unusable_argument")
        #expect(bad.detail.contains("../../etc/passwd"))
    }

    @Test("one probe for each combination, bounded by number and by time")
    func bounds() async throws {
        let made = Counter()
        let probe = try probe(limit: 3, made: made)
        for name in ["a", "b", "c", "a", "d", "a"] {
            _ = await probe.measure(request(name, [.canaryHash: "1"]))
            clock.advance(by: .seconds(1))
        }
        // `b`, the least recently measured, was dropped.
        #expect(probe.count == 3)
        #expect(made.value == 4)
        _ = await probe.measure(request("b", [.canaryHash: "1"]))
        #expect(made.value == 5)
        clock.advance(by: .seconds(898))
        _ = await probe.measure(request("a", [.canaryHash: "1"]))
        clock.advance(by: .seconds(10))
        await probe.sample()
        #expect(probe.count == 1)
    }

    @Test(
        "404 and 410 from the address of one rollout mean that there is nothing for it",
        arguments: [(404, true), (410, true), (403, false), (500, false)])
    func ghost(status: Int, isOfSource: Bool) async throws {
        let server = try ScriptedServer { $0.answer("no such rollout", status: status) }
        func probe(isOfRollout: Bool) -> any Probe {
            @Sendable func made(_ rollout: String) -> HTTPProbe {
                var source = HTTPSource(url: server.url + rollout)
                source.isOfRollout = isOfRollout
                return HTTPProbe(
                    name: "mesh", source: source,
                    fields: .pointers([.init("canary.error_rate", "/rate")]),
                    engine: TransferEngine(telemetry: .silent))
            }
            return ArgumentProbe(
                like: made("x"), source: [.rollout], address: "http://h/$rollout"
            ) { (values) throws(ArgumentFault) in made(values[.rollout] ?? "") }
        }
        func rate(_ probe: any Probe) async -> Signal.Value? {
            await ProbeSet([probe]).run(budget: .seconds(5), context: request("ghost"))[0]
                .signals["canary.error_rate"]?.value
        }
        let found = await rate(probe(isOfRollout: true))
        #expect(
            found
                == (isOfSource
                    ? .absent(
                        why: "missing_field",
                        detail:
                            "mesh at \(server.url)ghost: status \(status), nothing for this rollout"
                    )
                    : .absent(why: "bad_status", detail: "status \(status)")))
        // From an address that all rollouts share, it says nothing about this one.
        #expect(
            await rate(probe(isOfRollout: false))
                == .absent(why: "bad_status", detail: "status \(status)"))
    }

    @Test("in queries a missing argument hides only the signals that need it")
    func queries() async throws {
        let server = try ScriptedServer { connection in
            let query = connection.request.split(separator: " ")[1]
            let number = query.contains("shop") ? "3" : query.contains("cart") ? "7" : "0"
            connection.answer(
                #"{"status":"success","data":{"resultType":"scalar","result":[1,"\#(number)"]}}"#)
        }
        let probe = PrometheusQueryProbe(
            name: "prom", server: HTTPSource(url: server.url),
            queries: [
                .number("canary.rps", #"r{app="$rollout"}"#),
                .number("stable.rps", #"r{hash="$stable_hash"}"#),
            ], engine: TransferEngine(telemetry: .silent))
        #expect(probe.arguments == [.rollout, .stableHash])
        let shop = await probe.measure(request("shop"))
        #expect(shop.number("canary.rps") == 3)
        #expect(shop.reason("stable.rps") == .missingArgument)
        #expect(await probe.measure(request("cart")).number("canary.rps") == 7)
        #expect(
            server.requests.allSatisfy {
                $0.contains("query=r%7Bapp%3D%22shop%22%7D")
                    || $0.contains("query=r%7Bapp%3D%22cart%22%7D")
            })
    }
}

@Suite("Series of a page by labels")
struct SeriesSelectionTests {
    let clock = ManualClock()

    /// Requests of each rollout and version, `[rollout: [hash: (ok, failed)]]`.
    private static func page(_ rollouts: [String: [String: (Int, Int)]]) -> String {
        rollouts.flatMap { rollout, hashes in
            hashes.map { hash, counts in
                let labels = "rollout=\"\(rollout)\",rollouts_pod_template_hash=\"\(hash)\""
                return """
                    http_requests_total{\(labels),code="200"} \(counts.0)
                    http_requests_total{\(labels),code="500"} \(counts.1)

                    """
            }
        }.joined()
    }

    private final class Text: Sendable {
        let text = Mutex("")
        let reads = Counter()
        func show(_ new: String) { text.withLock { $0 = new } }
    }

    private static func metrics() throws -> RequestMetrics {
        RequestMetrics(
            histogram: nil,
            groups: [
                .init(
                    "canary",
                    [.init("rollouts_pod_template_hash", try ArgumentText("$canary_hash"))]),
                .init(
                    "stable",
                    [.init("rollouts_pod_template_hash", try ArgumentText("$stable_hash"))]),
            ], common: [.init("rollout", try ArgumentText("$rollout"))])
    }

    private func probe(_ page: Text) throws -> PrometheusProbe {
        PrometheusProbe(
            name: "canary", metrics: try Self.metrics(), wall: clock.wall, deadline: .seconds(1),
            address: "http://gw:9/metrics"
        ) { (_) throws(MissingData) in
            page.reads.add()
            return Array(page.text.withLock { $0 }.utf8)
        }
    }

    @Test("three rollouts on one page: two different rates, one unknown, by one scrape")
    func three() async throws {
        let page = Text()
        page.show(
            Self.page([
                "shop": ["c1": (0, 0), "s1": (0, 0)], "cart": ["c2": (5, 5), "s2": (0, 0)],
            ]))
        let probe = try probe(page)
        #expect(probe.arguments == [.rollout, .canaryHash, .stableHash])
        await probe.sample()
        clock.advance(by: .seconds(10))
        page.show(
            Self.page([
                "shop": ["c1": (90, 10), "s1": (100, 0)], "cart": ["c2": (55, 55), "s2": (99, 1)],
            ]))
        let now = clock.wall.now
        let set = ProbeSet([probe])
        func measure(_ rollout: String, _ canary: String, _ stable: String) async -> [Signal] {
            await set.run(
                budget: .seconds(5),
                context: request(
                    rollout, [.canaryHash: canary, .stableHash: stable], now: now))[0].signals
        }
        async let shop = measure("shop", "c1", "s1")
        async let cart = measure("cart", "c2", "s2")
        async let ghost = measure("ghost", "c3", "s3")
        let (first, second, third) = await (shop, cart, ghost)
        #expect(first.number("canary.5xx_rate") == 0.1)
        #expect(first.number("stable.5xx_rate") == 0)
        #expect(second.number("canary.5xx_rate") == 0.5)
        #expect(second.number("stable.5xx_rate") == 0.01)
        #expect(
            third["canary.5xx_rate"]?.value
                == .absent(
                    why: "missing_field",
                    detail:
                        "canary at http://gw:9/metrics: no series http_requests_total{rollouts_pod_template_hash=\"c3\",rollout=\"ghost\"}"
                ))
        #expect(page.reads.value == 2)
        // Another rollout's hash does not count for this one.
        #expect(await measure("shop", "c2", "s2").reason("canary.5xx_rate") == .missingField)
    }

    @Test("a missing hash hides its version, and never counts its series elsewhere")
    func missing() async throws {
        let page = Text()
        page.show(Self.page(["shop": ["c1": (0, 0), "s1": (0, 0)]]))
        let probe = try probe(page)
        await probe.sample()
        clock.advance(by: .seconds(10))
        page.show(Self.page(["shop": ["c1": (90, 10), "s1": (100, 0)]]))
        let now = clock.wall.now
        let noStable = await probe.measure(request("shop", [.canaryHash: "c1"], now: now))
        #expect(noStable.number("canary.5xx_rate") == 0.1)
        #expect(noStable.reason("stable.5xx_rate") == .missingArgument)
        let noCanary = await probe.measure(request("shop", [.stableHash: "s1"], now: now))
        #expect(noCanary.reason("canary.5xx_rate") == .missingArgument)
        #expect(noCanary.reason("stable.5xx_rate") == .missingArgument)
    }

    @Test("label values are compared as bytes, with quotation marks and backslashes")
    func exact() async throws {
        let page = Text()
        let odd = #"a"b\c"#
        func show(_ count: Int) {
            page.show(
                #"http_requests_total{rollout="shop",rollouts_pod_template_hash="a\"b\\c",code="200"} \#(count)"#
                    + "\n"
                    + #"http_requests_total{rollout="shop",rollouts_pod_template_hash="",code="200"} 1"#
                    + "\n")
        }
        show(1)
        let probe = try probe(page)
        await probe.sample()
        clock.advance(by: .seconds(10))
        show(8)
        let signals = await probe.measure(
            request("shop", [.canaryHash: odd, .stableHash: "x"], now: clock.wall.now))
        #expect(signals.number("canary.requests") == 7)
    }
}
