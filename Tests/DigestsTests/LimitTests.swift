import Digests
import Events
import Testing

@Suite("Start of a limit violation")
struct LimitTests {
    /// Attempts in one zone with these rates; the limits are 0.5 % (warn) and 1 % (fail).
    private func track(_ rates: [Double?]) throws -> MetricTrack {
        var log = LogScript()
        for (i, rate) in rates.enumerated() {
            let rate = rate ?? .nan
            let status: VerdictStatus =
                rate.isNaN
                ? .unknown : rate > 0.01 ? .unhealthy : rate > 0.005 ? .degraded : .healthy
            var event = log.verdict(
                status, attempt: i + 1, rate: rate.isNaN ? nil : rate)
            event.deltas[0].limit = status == .degraded ? 0.005 : 0.01
            log.write(event)
        }
        return try #require(log.machine.states.first?.sources.first?.metrics.first)
    }

    @Test("the fail limit counts from the first failing attempt, not from the first warning")
    func worse() throws {
        let track = try track([0.002, 0.006, 0.008, 0.015, 0.02])
        #expect(track.overSince == 2)
        #expect(track.beyondSince == 4)
    }

    @Test("the warn limit counts from the first attempt beyond it, even one that also failed")
    func better() throws {
        #expect(try track([0.002, 0.006, 0.015, 0.008]).beyondSince == 2)
        #expect(try track([0.002, 0.015, 0.02, 0.008]).beyondSince == 2)
    }

    @Test("the start is still known when it is older than the kept values")
    func long() throws {
        let rates = Array(repeating: 0.02, count: 60)
        #expect(try track(rates).beyondSince == 1)
        #expect(try track(rates + [0.008]).beyondSince == 1)
        #expect(try track([0.006] + rates).beyondSince == 2)
    }

    @Test("a value within the limit, or a missing one, restarts the count")
    func again() throws {
        #expect(try track([0.02, 0.001, 0.02, 0.02]).beyondSince == 3)
        #expect(try track([0.02, nil, 0.02]).beyondSince == 3)
        #expect(try track([0.02, nil]).beyondSince == nil)
    }

    @Test("in the next run the numbers start again")
    func nextRun() throws {
        var log = LogScript()
        for n in 7...9 {
            log.write(log.verdict(.unhealthy, attempt: n, rate: 0.02, series: "a"))
        }
        for n in 1...2 {
            log.write(log.verdict(.unhealthy, attempt: n, rate: 0.02, series: "b"))
        }
        let track = try #require(log.machine.states.first?.sources.first?.metrics.first)
        #expect(track.beyondSince == 1)
        #expect(track.overSince == 1)
    }
}
