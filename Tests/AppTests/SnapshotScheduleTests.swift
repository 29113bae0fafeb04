import Testing

@testable import App

@Suite("When a snapshot of the state file is made")
struct SnapshotScheduleTests {
    private let start = ContinuousClock.now

    @Test("every ten minutes, also without any object")
    func time() {
        var schedule = SnapshotSchedule(at: start)
        let taken = (1...60).filter { minute in
            schedule.takesOne(at: start + .seconds(60 * minute), newest: 0)
        }
        #expect(taken == [10, 20, 30, 40, 50, 60])
    }

    @Test("after 500 objects, counted from the first one that the node created")
    func objects() {
        var schedule = SnapshotSchedule(at: start)
        var taken: [UInt64] = []
        for newest in [0, 9000, 9499, 9500, 9501, 9999, 10_000, 10_400] as [UInt64]
        where schedule.takesOne(at: start + .seconds(60), newest: newest) {
            taken.append(newest)
        }
        #expect(taken == [9500, 10_000])
        // The ten minutes begin with the last one.
        let early = schedule.takesOne(at: start + .seconds(659), newest: 10_400)
        let due = schedule.takesOne(at: start + .seconds(660), newest: 10_400)
        #expect(!early && due)
    }
}
