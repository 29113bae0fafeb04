import Events
import Testing

struct MeasurementWindowTests {
    /// `identity.window` of the vectors, and times before 1970.
    @Test(
        arguments: [
            (1_766_000_000, 30, 5, 1_765_999_950), (1_766_000_004, 30, 5, 1_765_999_950),
            (1_766_000_005, 30, 5, 1_765_999_950), (1_766_000_034, 30, 5, 1_765_999_980),
            (1_766_000_035, 30, 5, 1_765_999_980), (0, 30, 0, -30), (29, 30, 0, -30),
            (30, 30, 0, 0),
            (-1, 30, 0, -60), (4, 30, 5, -60),
        ] as [(Int64, Int64, Int64, Int64)])
    func startsOnTheGrid(now: Int64, length: Int64, settle: Int64, start: Int64) {
        let window = MeasurementWindow(
            at: Timestamp(milliseconds: now * 1000), length: .seconds(length),
            settle: .seconds(settle))
        #expect(window.start == Timestamp(milliseconds: start * 1000))
        #expect(window.end == Timestamp(milliseconds: (start + length) * 1000))
        #expect(window.id == start * 1000)
    }

    @Test func noLengthIsAMillisecond() {
        let window = MeasurementWindow(
            at: Timestamp(milliseconds: 1_766_000_000_000), length: .zero, settle: .zero)
        #expect(window.end == Timestamp(milliseconds: 1_766_000_000_000))
        #expect(window.end - window.start == .milliseconds(1))
    }
}
