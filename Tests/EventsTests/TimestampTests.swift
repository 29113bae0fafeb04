import Testing

@testable import Events

struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_766_000_000_123, "2025-12-17T19:33:20.123Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (-86_400_000, "1969-12-31T00:00:00.000Z"),
            (-86_400_001, "1969-12-30T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func writesAndReadsBack(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
        #expect(Timestamp(rfc3339: text) == Timestamp(milliseconds: milliseconds))
    }

    @Test(arguments: [
        ("2026-11-23T06:00:00Z", "2026-11-23T06:00:00.000Z"),
        ("2026-11-23t06:00:00z", "2026-11-23T06:00:00.000Z"),
        ("2026-11-23 06:00:00Z", "2026-11-23T06:00:00.000Z"),
        ("2026-11-23T06:00:00+05:30", "2026-11-23T00:30:00.000Z"),
        ("2026-11-23T00:10:00+01:00", "2026-11-22T23:10:00.000Z"),
        ("2026-12-31T23:59:59.9-01:00", "2027-01-01T00:59:59.900Z"),
        ("2026-11-23T06:00:00-00:00", "2026-11-23T06:00:00.000Z"),
        ("2026-11-23T06:00:00.1Z", "2026-11-23T06:00:00.100Z"),
        ("2026-11-23T06:00:00.123999999Z", "2026-11-23T06:00:00.123Z"),
        ("2026-12-31T23:59:60Z", "2027-01-01T00:00:00.000Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
    ])
    func readsEveryOffsetAndFraction(text: String, utc: String) {
        #expect(Timestamp(rfc3339: text)?.rfc3339 == utc)
    }

    @Test(arguments: [
        "", "2026-11-23", "2026-11-23T06:00:00", "2026-11-23T06:00:00.Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-11-31T00:00:00Z", "2026-11-00T00:00:00Z",
        "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-11-23T24:00:00Z",
        "2026-11-23T06:60:00Z", "2026-11-23T06:00:61Z", "2026-11-23T06:00:00+24:00",
        "2026-11-23T06:00:00+0100", "2026-11-23T06:00:00Zx", " 2026-11-23T06:00:00Z",
        "2026-11-23T06:00:00Z ", "+026-11-23T06:00:00Z", "2026-1-23T06:00:00Z",
        "２026-11-23T06:00:00Z",
    ])
    func refusesWhatIsNoMoment(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func theQuickReaderAgreesOrLeavesIt() {
        let days = [
            "2026-11-23", "2024-02-29", "2026-02-30", "1969-12-28", "0000-01-01", "2026-00-10",
        ]
        let times = ["06:07:08", "23:59:60", "24:00:00", "00:00:00", "1a:00:00"]
        let ends = [
            "Z", ".Z", ".1Z", ".12Z", ".123Z", ".1239Z", ".123456789Z", ".1234567891Z", ".12x4Z",
            "z", "+01:00", "", ".5", ".123z",
        ]
        var quick = 0
        for day in days {
            for time in times {
                for end in ends {
                    let text = day + "T" + time + end
                    let read = Array(text.utf8).withUnsafeBytes { Timestamp(utc: $0) }
                    guard let read else { continue }
                    quick += 1
                    #expect(read == Timestamp(rfc3339: text), "\(text)")
                }
            }
        }
        #expect(quick == 4 * 2 * 6)
    }

    @Test func everyDayOfFourCenturiesReadsBack() {
        let first = Timestamp.days(fromCivil: 1900, 1, 1)
        let last = Timestamp.days(fromCivil: 2300, 1, 1)
        var bad = 0
        for day in first..<last {
            let (year, month, monthDay) = Timestamp.civil(fromDays: day)
            if Timestamp.days(fromCivil: year, month, monthDay) != day { bad += 1 }
        }
        #expect(bad == 0)
        #expect(last - first == 146_097)
    }

    @Test func otherForms() {
        let moment = Timestamp(milliseconds: 1_766_000_000_123)
        #expect(moment.basic == "20251217T193320.123Z")
        #expect(moment.clockTime == "19:33Z")
        #expect(moment.date == "2025-12-17")
        // Other years than those of four digits, and times before 1970.
        #expect(Timestamp(milliseconds: -1).rfc3339 == "1969-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: -1).clockTime == "23:59Z")
        #expect(Timestamp(milliseconds: 253_402_300_800_000).rfc3339 == "10000-01-01T00:00:00.000Z")
        #expect(Timestamp(milliseconds: 253_402_300_800_000).basic == "100000101T000000.000Z")
        #expect(Timestamp(milliseconds: -62_167_219_200_001).rfc3339 == "00-1-12-31T23:59:59.999Z")
        #expect(moment.seconds == 1_766_000_000.123)
    }

    @Test func arithmetic() {
        let moment = Timestamp(milliseconds: 1000)
        #expect(moment + .milliseconds(1500) == Timestamp(milliseconds: 2500))
        #expect(moment - .seconds(2) == Timestamp(milliseconds: -1000))
        #expect(moment - Timestamp(milliseconds: 3500) == .milliseconds(-2500))
        #expect(Timestamp(milliseconds: -1) < Timestamp(milliseconds: 0))
    }

    @Test func durationsRoundTowardsZeroAndClamp() {
        #expect(Duration.microseconds(1999).wholeMilliseconds == 1)
        #expect(Duration.microseconds(-1999).wholeMilliseconds == -1)
        #expect(Duration.seconds(Int64.max).wholeMilliseconds == .max)
        #expect(Duration.seconds(Int64.min).wholeMilliseconds == .min)
        #expect(Duration.milliseconds(1250).inSeconds == 1.25)
    }
}
