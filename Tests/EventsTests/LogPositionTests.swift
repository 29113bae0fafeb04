import Testing

@testable import Events

struct LogPositionTests {
    @Test func orderIsSegmentThenOffset() {
        let places = [
            LogPosition.start, LogPosition(segment: 1, offset: 0),
            LogPosition(segment: 1, offset: 9), LogPosition(segment: 2, offset: 0),
        ]
        #expect(places.shuffled().sorted() == places)
    }

    @Test(arguments: [
        LogPosition.start, LogPosition(segment: 41, offset: 1830),
        LogPosition(segment: .max, offset: .max),
    ])
    func textReadsBack(place: LogPosition) {
        #expect(LogPosition(place.description) == place)
    }

    @Test(arguments: [
        "", ":", "1", "1:", ":1", "1:2:3", "-1:2", "1:-2", "a:b", "1: 2", "0x1:2",
        "18446744073709551616:0",
    ])
    func otherTextIsNoPosition(text: String) {
        #expect(LogPosition(text) == nil)
    }
}
