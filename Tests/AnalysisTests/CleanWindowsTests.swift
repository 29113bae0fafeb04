import Events
import Testing

@testable import Analysis

@Suite("A run whose canary has recovered")
struct CleanWindowsTests {
    private typealias Counts = (canary: Double, stable: Double)

    private static let spec = StatisticalSpec(.counter)

    /// The findings after each window of 800 canary and 2,400 stable requests.
    private func findings(_ windows: [Counts], requests: Double = 800) -> [CheckOutcome.Finding?] {
        var run = RunEvidence()
        return windows.enumerated().map { index, window in
            let comparison = CountComparison(
                WindowCounts(
                    canary: (window.canary, requests), stable: (window.stable, requests * 3)),
                spec: Self.spec, run: run, window: Int64(index))
            run.fold(comparison.step)
            return comparison.finding
        }
    }

    private func rules(_ windows: [Counts], requests: Double = 800) -> [Rule?] {
        findings(windows, requests: requests).map { $0?.rule }
    }

    @Test("between two clean windows, 2 of 800 against 3 of 2,400 is not unhealthy")
    func between() {
        let found = findings([(2, 3), (60, 3), (0, 3), (2, 3), (0, 3)])
        #expect(found.map { $0?.rule } == [nil, .worseOverRun, nil, .wasWorseInRun, nil])
        #expect(found[3]?.state == .warn)
    }

    @Test("three clean windows in a row clear the evidence")
    func cleared() {
        #expect(RunEvidence.cleanWindows == 3)
        #expect(
            rules([(60, 3), (0, 3), (0, 3), (0, 3), (2, 3), (2, 3)])
                == [.worseOverRun, nil, nil, nil, nil, nil])
        #expect(
            rules([(60, 3), (0, 3), (0, 3), (2, 3), (0, 3), (2, 3)])
                == [.worseOverRun, nil, nil, .wasWorseInRun, nil, .wasWorseInRun])
    }

    @Test("after that, new evidence fails the run again, and states the new numbers only")
    func again() throws {
        let found = findings([(60, 3), (0, 3), (0, 3), (0, 3), (40, 3)])
        let last = try #require(found.last ?? nil)
        #expect(last.rule == .worseOverRun)
        #expect(last.compared == .init(value: 40.0 / 800, stable: 3.0 / 2400))
    }

    @Test("an attempt in a window that was judged before has the same finding")
    func sameWindow() {
        var run = RunEvidence()
        func finding(_ failing: Double, _ window: Int64) -> CheckOutcome.Finding? {
            let comparison = CountComparison(
                WindowCounts(canary: (failing, 800), stable: (3, 2400)), spec: Self.spec, run: run,
                window: window)
            run.fold(comparison.step)
            return comparison.finding
        }
        let failed = [finding(60, 0), finding(60, 0)]
        #expect(failed.map(\.?.rule) == [.worseOverRun, .worseOverRun])
        #expect(failed[0] == failed[1])
        let lower = [finding(2, 1), finding(2, 1)]
        #expect(lower.map(\.?.rule) == [.wasWorseInRun, .wasWorseInRun])
    }

    @Test("windows too small to show a failure clear nothing")
    func small() {
        var run = RunEvidence()
        func fold(_ canary: (Double, Double), _ stable: (Double, Double)) {
            run.fold(
                EvidenceStep(
                    window: (run.lastWindow ?? -1) + 1,
                    counts: WindowCounts(canary: canary, stable: stable), rho: 1.5, phi: 1))
        }
        fold((60, 800), (3, 2400))
        let peak = run.peak
        for _ in 0..<10 { fold((0, 4), (0, 2400)) }
        for _ in 0..<10 { fold((0, 0), (0, 2400)) }
        for _ in 0..<10 { fold((0, 800), (0, 0)) }
        #expect(run.peak == peak)
    }

    @Test("evidence that has not failed the run is never cleared: the error level stays")
    func kept() {
        var run = RunEvidence()
        for index in 0..<4 {
            run.fold(
                EvidenceStep(
                    window: Int64(index),
                    counts: WindowCounts(
                        canary: (index == 0 ? 7 : 0, 800), stable: (6, 2400)), rho: 1.5, phi: 1))
        }
        #expect(run.peak > 0 && run.pRun > 0.01)
        #expect(run.clean == 3)
        #expect(run.counts?.canaryTotal == 3200)
    }

    @Test("equal rates are never worse, whatever the run")
    func equal() {
        #expect(rules([(60, 3), (1, 3)]) == [.worseOverRun, nil])
    }

    @Test("a steady excess fails in every window from the first failure on")
    func steady() throws {
        let found = rules(Array(repeating: (8, 6), count: 12))
        let first = try #require(found.firstIndex(of: .worseOverRun))
        #expect(found[first...].allSatisfy { $0 == .worseOverRun })
    }

    @Test("the state of an older version has no sums, and quotes no numbers")
    func olderState() {
        let run = RunEvidence(
            logs: MixtureTest.grid.map { _ in 20 }, peak: 20, lastWindow: 0)
        let comparison = CountComparison(
            WindowCounts(canary: (8, 800), stable: (3, 2400)), spec: Self.spec, run: run,
            window: 1)
        #expect(comparison.finding == .init(.fail, .worseOverRun))
    }
}
