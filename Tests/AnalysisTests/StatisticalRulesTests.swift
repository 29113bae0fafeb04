import Events
import TestSupport
import Testing

@testable import Analysis

/// Properties of the statistical rules, tested with seeded random counts.
struct StatisticalRulesTests {
    private let check = Check(id: "canary.5xx_rate", warn: 0.01, fail: 0.05)

    private func context(
        _ spec: StatisticalSpec, run: RunEvidence = RunEvidence(), healthy: [Double] = [],
        window: Int64 = 1000
    ) -> StatisticalContext {
        StatisticalContext(check: check, spec: spec, run: run, healthy: healthy, window: window)
    }

    private static func counts(_ random: inout SeededRandom) -> WindowCounts {
        let n1 = Int.random(in: 1...400, using: &random)
        let n0 = Int.random(in: 1...4000, using: &random)
        return WindowCounts(
            canary: (Double(Int.random(in: 0...n1 / 4, using: &random)), Double(n1)),
            stable: (Double(Int.random(in: 0...n0 / 20, using: &random)), Double(n0)))
    }

    private static func run(_ random: inout SeededRandom, windows: Int) -> [EvidenceStep] {
        (0..<windows).map {
            EvidenceStep(window: Int64($0), counts: counts(&random), rho: 1.5, phi: 1)
        }
    }

    @Test func moreFailuresNeverLookBetter() {
        var random = SeededRandom(seed: 21)
        for _ in 0..<60 {
            var counts = Self.counts(&random)
            var run = RunEvidence()
            for step in Self.run(&random, windows: Int.random(in: 0...4, using: &random)) {
                run.fold(step)
            }
            let spec = StatisticalSpec(
                .counter, minDelta: 0.001, minSample: Bool.random(using: &random) ? 100 : 0,
                growthWarn: 0.1)
            var last: StatisticalConclusion?
            for failing in stride(from: 0, through: counts.canaryTotal, by: 1) {
                counts.canaryFailing = failing
                let now = CounterRule.conclude(
                    counts, in: context(spec, run: run, healthy: [0.002]))
                if let last {
                    #expect(now.findings.worstState >= last.findings.worstState)
                    #expect((now.numbers.pWindow ?? 2) <= (last.numbers.pWindow ?? 2) + 1e-12)
                    #expect((now.numbers.pRun ?? 2) <= (last.numbers.pRun ?? 2) + 1e-12)
                    #expect((now.numbers.lower ?? 0) >= (last.numbers.lower ?? 0))
                    #expect((now.numbers.upper ?? 0) >= (last.numbers.upper ?? 0))
                }
                last = now
            }
        }
    }

    @Test func replayedWindowsChangeNothing() {
        var random = SeededRandom(seed: 22)
        for _ in 0..<200 {
            let steps = Self.run(&random, windows: 12)
            var once = RunEvidence()
            var again = RunEvidence()
            for (index, step) in steps.enumerated() {
                once.fold(step)
                again.fold(step)
                for _ in 0..<3 { again.fold(steps[Int.random(in: 0...index, using: &random)]) }
            }
            #expect(again == once)
            #expect(again.e(phi: 1) == once.e(phi: 1))
            #expect(again.pRun == once.pRun)
        }
    }

    /// Before the run has failed; after that, clean windows clear it.
    @Test func theRunsPValueNeverRisesAgain() {
        var random = SeededRandom(seed: 23)
        for _ in 0..<100 {
            var run = RunEvidence()
            var last = 1.0
            for step in Self.run(&random, windows: 20) {
                let (failed, clean) = (run.pRun <= step.alpha, run.clean)
                run.fold(step)
                if run.peak == 0, failed {
                    #expect(clean == RunEvidence.cleanWindows - 1)
                    last = 1
                }
                #expect(run.pRun <= last)
                #expect(run.pRun * max(run.e(phi: 1), 1) <= 1 + 1e-9)
                last = run.pRun
            }
        }
    }

    /// In 20 windows, a canary equal to stable fails in at most `alphaFail` of the runs, and one
    /// three times worse fails in most.
    @Test func repeatedLooksStayHonest() {
        func failed(ratio: Double, runs: Int, seed: UInt64) -> Int {
            var random = SeededRandom(seed: seed)
            func failures(of n: Int, rate: Double) -> Double {
                Double((0..<n).count { _ in Double.random(in: 0..<1, using: &random) < rate })
            }
            return (0..<runs).count { _ in
                var run = RunEvidence()
                for window in 0..<20 {
                    let counts = WindowCounts(
                        canary: (failures(of: 100, rate: 0.02 * ratio), 100),
                        stable: (failures(of: 200, rate: 0.02), 200))
                    run.fold(
                        EvidenceStep(window: Int64(window), counts: counts, rho: 1.5, phi: 1))
                }
                return run.pRun <= 0.01
            }
        }
        #expect(failed(ratio: 1, runs: 150, seed: 24) <= 1)
        #expect(failed(ratio: 3, runs: 40, seed: 25) >= 28)
    }

    @Test func boundsAreWhereTheTailIsAlpha() {
        var random = SeededRandom(seed: 26)
        for _ in 0..<300 {
            let n = Double(Int.random(in: 2...50_000, using: &random))
            let x = Double(Int.random(in: 1..<Int(n), using: &random))
            let alpha = [0.1, 0.01, 1e-6].randomElement(using: &random) ?? 0.1
            let low = ClopperPearson.lower(x, of: n, alpha: alpha)
            let high = ClopperPearson.upper(x, of: n, alpha: alpha)
            #expect(low < x / n)
            #expect(high > x / n)
            let below = BinomialTail.atLeast(x, of: n, p: low, q: 1 - low)
            let above = BinomialTail.atMost(x, of: n, p: high, q: 1 - high)
            #expect((below / alpha - 1).magnitude < 1e-9)
            #expect((above / alpha - 1).magnitude < 1e-9)
        }
    }

    @Test func certifyingTakesExactlyThatManyRequests() {
        for (limit, alpha) in [(0.01, 0.05), (0.001, 0.01), (0.3, 0.01), (0.5, 0.5), (0.5, 0.25)] {
            let n = Double(ClopperPearson.sampleToCertify(limit, alpha: alpha))
            #expect(ClopperPearson.upper(0, of: n, alpha: alpha) <= limit * (1 + 1e-12))
            #expect(ClopperPearson.upper(0, of: n - 1, alpha: alpha) > limit)
        }
        #expect(ClopperPearson.sampleToCertify(0, alpha: 0.05) == .max)
    }

    @Test func tailsOfBothEndsAddUp() {
        var random = SeededRandom(seed: 27)
        for _ in 0..<300 {
            let n = Double(Int.random(in: 1...5000, using: &random))
            let x = Double(Int.random(in: 0..<Int(n), using: &random))
            let p = Double.random(in: 0.0001...0.9999, using: &random)
            let sum =
                BinomialTail.atMost(x, of: n, p: p, q: 1 - p)
                + BinomialTail.atLeast(x + 1, of: n, p: p, q: 1 - p)
            #expect((sum - 1).magnitude < 1e-11)
            let mass =
                BinomialTail.atLeast(x, of: n, p: p, q: 1 - p)
                - BinomialTail.atLeast(x + 1, of: n, p: p, q: 1 - p)
            let direct = BinomialMass.probability(of: x, in: n, p: p, q: 1 - p)
            #expect((mass - direct).magnitude < 1e-11)
        }
    }

    // MARK: - Rules

    @Test func fewRequestsAreInsufficientUnlessTheyFail() {
        let spec = StatisticalSpec(.counter, minSample: 50)
        let few = CounterRule.conclude(
            WindowCounts(canary: (1, 40), stable: (9, 3960)), in: context(spec))
        // What the few requests show is kept beside it.
        #expect(
            few.findings == [
                .init(.warn, .absoluteWarn, limit: 0.01), .init(.nodata, .insufficient),
            ])
        #expect(few.findings.worstState == .nodata)
        #expect(few.value == 0.025)
        let failing = CounterRule.conclude(
            WindowCounts(canary: (4, 40), stable: (9, 3960)), in: context(spec))
        #expect(failing.findings.worstState == .fail)
        let none = CounterRule.conclude(
            WindowCounts(canary: (0, 0), stable: (9, 3960)), in: context(StatisticalSpec(.counter)))
        #expect(none.findings == [.init(.nodata, .insufficient)])
        #expect(none.value == nil)
        #expect(none.numbers.pWindow == 1)
    }

    @Test func withoutStableOnlyAbsoluteLimitsAreAsked() {
        let spec = StatisticalSpec(.counter)
        let alone = CounterRule.conclude(
            WindowCounts(canary: (40, 400), stable: (0, 0)), in: context(spec))
        #expect(alone.findings.map(\.rule) == [.absoluteFail])
        #expect(alone.numbers.ratio == nil)
        #expect(alone.numbers.e == 1)
    }

    @Test func differencesBelowTheSmallestDoNotCount() {
        let counts = WindowCounts(canary: (300, 100_000), stable: (100, 100_000))
        let strict = CounterRule.conclude(counts, in: context(StatisticalSpec(.counter)))
        #expect(strict.findings.map(\.rule) == [.worseOverRun])
        let lenient = CounterRule.conclude(
            counts, in: context(StatisticalSpec(.counter, minDelta: 0.0021)))
        #expect(lenient.findings.isEmpty)
    }

    @Test func growthIsMeasuredAgainstTheMedian() {
        let spec = StatisticalSpec(.counter, minDelta: 0.001, growthWarn: 0.5)
        let counts = WindowCounts(canary: (5, 1000), stable: (5, 1000))
        let grown = CounterRule.conclude(counts, in: context(spec, healthy: [0.001, 0.009, 0.002]))
        #expect(grown.findings == [.init(.warn, .grown, limit: 0.003, grownFrom: 0.002)])
        let even = CounterRule.conclude(counts, in: context(spec, healthy: [0.003, 0.005]))
        #expect(even.numbers.healthyMedian == 0.004)
        #expect(even.findings.isEmpty)
    }

    @Test func scatterOfStableWindowsWeakensTheEvidence() {
        var run = RunEvidence()
        let stable: [Double] = [9, 4, 22, 11, 3, 15, 7, 9, 2, 18]
        for (index, failing) in stable.enumerated() {
            let counts = WindowCounts(canary: (1, 100), stable: (failing, 900))
            run.fold(EvidenceStep(window: Int64(index), counts: counts, rho: 1.5, phi: 1))
        }
        #expect((run.stable.phi - 394.0 / 90).magnitude < 1e-9)
        let counts = WindowCounts(canary: (40, 100), stable: (9, 900))
        func e(_ spec: StatisticalSpec) -> Double {
            CounterRule.conclude(counts, in: context(spec, run: run)).numbers.e ?? 0
        }
        let plain = e(StatisticalSpec(.counter))
        let estimated = e(StatisticalSpec(.counter, estimatesPhi: true))
        #expect(estimated < plain)
        #expect(estimated == e(StatisticalSpec(.counter, phi: run.stable.phi)))
    }

    // MARK: - Latency

    @Test func quantilesAreThoseOfPrometheus() throws {
        func quantile(_ q: Double, _ edges: [Double], _ cumulative: [Double]) throws -> Double? {
            try #require(LatencyBuckets(edges: edges, cumulative: cumulative)).quantile(q)
        }
        let edges: [Double] = [25, 50, 100, .infinity]
        #expect(try quantile(0.5, edges, [10, 20, 30, 40]) == 50)
        #expect(try quantile(0.1, edges, [10, 20, 30, 40]) == 10)
        #expect(try quantile(0.9, edges, [10, 20, 30, 40]) == 100)
        #expect(try quantile(0.5, edges, [0, 0, 0, 0]) == nil)
        #expect(try quantile(0.5, [.infinity], [7]) == nil)
        #expect(try quantile(0, edges, [0, 10, 10, 10]) == 25)
        #expect(try quantile(0.5, [-5, 5, .infinity], [6, 8, 10]) == -5)
    }

    @Test func bucketsThatCannotBeAreRefused() {
        #expect(LatencyBuckets(edges: [], cumulative: []) == nil)
        #expect(LatencyBuckets(edges: [1, 2], cumulative: [1]) == nil)
        #expect(LatencyBuckets(edges: [2, 1], cumulative: [1, 2]) == nil)
        #expect(LatencyBuckets(edges: [1, 2], cumulative: [2, 1]) == nil)
        #expect(LatencyBuckets(edges: [1, 2], cumulative: [-1, 1]) == nil)
        #expect(LatencyBuckets(edges: [1, .nan], cumulative: [0, 1]) == nil)
        #expect(LatencyBuckets(edges: [1, 2], cumulative: [0, .infinity]) == nil)
    }

    @Test func slowRequestsAreCountedAtAnEdge() throws {
        let buckets = try #require(
            LatencyBuckets(edges: [100, 200, .infinity], cumulative: [5, 8, 10]))
        #expect(buckets.exceeding(200)?.count == 2)
        #expect(buckets.exceeding(150)?.edge == 200)
        #expect(buckets.exceeding(201) == nil)
    }
}
