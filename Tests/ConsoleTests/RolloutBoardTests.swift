import Events
import JSON
import Testing

@testable import Console

@Suite("The board of rollouts")
struct RolloutBoardTests {
    static let start = Timestamp(milliseconds: 1_800_000_000_000)

    static func event(
        _ rollout: String = "shop", az: String = "a", attempt: Int? = 1, run: Int = 1,
        _ status: VerdictStatus = .healthy, second: Int = 0, deltas: [MetricDelta] = [],
        binary: String = "sha256:1", policy: String = "sha256:p", now: Bool = false
    ) -> Event {
        Event(
            id: "\(rollout)-\(az)-\(run)-\(attempt ?? 0)",
            ts: now ? WallClock.system.now : start + .seconds(second),
            event: EventName.analysis(status), node: "gw-\(az)", az: az, namespace: "prod",
            rollout: rollout, concern: "all", attempt: attempt, status: status, deltas: deltas,
            policy: policy, binary: binary,
            extra: [.init("run", .number("\(run)"))])
    }

    @Test("attempts are ordered by zone, a repeat replaces, a new run starts again")
    func lanes() throws {
        var board = RolloutBoard()
        for (az, attempt) in [("b", 1), ("a", 2), ("a", 1), ("a", 2)] {
            board.observe(Self.event(az: az, attempt: attempt), from: .start)
        }
        let rollout = try #require(board.rollouts.values.first)
        #expect(rollout.lanes.map(\.az) == ["a", "b"])
        #expect(rollout.lanes[0].attempts.map(\.number) == [1, 2])
        board.observe(Self.event(az: "a", attempt: 1, run: 2, .unhealthy), from: .start)
        let again = try #require(board.rollouts.values.first)
        #expect(again.lanes[0].attempts.map(\.run) == [2])
        #expect(again.status == .unhealthy)
    }

    @Test("memory is limited in every direction, the quietest are evicted first")
    func bounds() throws {
        var board = RolloutBoard()
        for attempt in 1...100 {
            board.observe(Self.event(attempt: attempt), from: .start)
        }
        #expect(
            board.rollouts.values.first?.lanes[0].attempts.map(\.number) == Array(81...100))
        for number in 0..<1000 {
            board.observe(
                Self.event("r\(number)", az: "z\(number)", second: number + 1), from: .start)
        }
        #expect(board.rollouts.count == RolloutBoard.rolloutsKept)
        #expect(board.nodes.count == RolloutBoard.nodesKept)
        #expect(board.rollouts.keys.contains { $0.rollout == "r999" })
        #expect(!board.rollouts.keys.contains { $0.rollout == "shop" })
        for number in 0..<100 {
            board.observe(Self.event("r999", az: "y\(number)", second: 2000), from: .start)
        }
        let lanes = board.rollouts.first { $0.key.rollout == "r999" }?.value.lanes.count
        #expect(lanes == RolloutBoard.lanesKept)
    }

    @Test("lines with texts of maximum length are kept in limited memory")
    func bytes() throws {
        var board = RolloutBoard()
        // One character that is as long as a line.
        let zalgo = "e" + String(repeating: "\u{301}", count: 20_000)
        for number in 0..<12_000 {
            var event = Self.event(
                "r\(number % 150)", az: "z\(number % 23)", attempt: number, second: number,
                deltas: (0..<12).map {
                    MetricDelta(metric: zalgo + "\($0)", value: 1, unit: .count, state: .pass)
                })
            event.id = zalgo + "\(number)"
            board.observe(event, from: .start)
        }
        #expect(board.bytes <= RolloutBoard.bytesKept)
        let attempts = board.rollouts.values.flatMap(\.lanes).flatMap(\.attempts)
        #expect(attempts.reduce(0) { $0 + $1.bytes } == board.bytes)
        #expect(attempts.allSatisfy { $0.event.utf8.count < 210 })
        #expect(attempts.flatMap(\.deltas).allSatisfy { $0.metric.utf8.count < 210 })
    }

    @Test("the worst comes first, then the latest; quiet rollouts are listed separately")
    func order() {
        var board = RolloutBoard()
        board.observe(Self.event("old", second: 0), from: .start)
        board.observe(Self.event("fine", second: 900), from: .start)
        board.observe(Self.event("finer", second: 901), from: .start)
        board.observe(Self.event("bad", .unhealthy, second: 890), from: .start)
        let since = Self.start + .seconds(60)
        #expect(board.inFlight(since: since).map(\.key.rollout) == ["bad", "finer", "fine"])
        #expect(board.quiet(since: since).map(\.key.rollout) == ["old"])
    }

    @Test("a node that runs another binary or policy than most is marked")
    func skew() throws {
        var board = RolloutBoard()
        for az in ["a", "b", "c"] { board.observe(Self.event(az: az), from: .start) }
        board.observe(Self.event(az: "d", binary: "sha256:2", policy: "sha256:q"), from: .start)
        let since = Self.start - .seconds(1)
        let good = try #require(board.nodes["gw-a"])
        let odd = try #require(board.nodes["gw-d"])
        #expect(board.skew(of: good, since: since) == (false, false))
        #expect(board.skew(of: odd, since: since) == (true, true))
    }

    @Test("events other than verdicts change nothing")
    func others() {
        var board = RolloutBoard()
        board.observe(
            Event(ts: Self.start, event: "auth.refused", rollout: "shop"), from: .start)
        #expect(board.version == 0)
        #expect(board.rollouts.isEmpty)
    }
}
