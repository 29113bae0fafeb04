import Events
import TestSupport
import Testing

@Suite("Steps of the wall clock")
struct ClockWatchTests {
    let clock = ManualClock()

    @Test(
        "a step of any size is detected once, in either direction",
        arguments: [Duration.seconds(86_400), .seconds(-86_400), .seconds(-365 * 86_400)])
    func steps(step: Duration) {
        var watch = ClockWatch(at: clock.wall.now, clock: clock)
        clock.advance(by: .seconds(3600))
        #expect(watch.step(to: clock.wall.now) == .zero)
        clock.advance(by: .seconds(10))
        clock.setWall(by: step)
        #expect(watch.step(to: clock.wall.now) == step)
        clock.advance(by: .seconds(10))
        #expect(watch.step(to: clock.wall.now) == .zero)
    }

    @Test("normal clock corrections are not steps")
    func slewed() {
        var watch = ClockWatch(at: clock.wall.now, clock: clock)
        for _ in 0..<100 {
            clock.advance(by: .seconds(60))
            clock.setWall(by: .milliseconds(-30))
            #expect(watch.step(to: clock.wall.now) == .zero)
        }
        // Ten hours without a check, at the largest slew rate.
        clock.advance(by: .seconds(36_000))
        clock.setWall(by: .seconds(18))
        #expect(watch.step(to: clock.wall.now) == .zero)
        clock.setWall(by: .seconds(-3))
        #expect(watch.step(to: clock.wall.now) == .seconds(-3))
    }
}
