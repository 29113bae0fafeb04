import Events
import Foundation
import Testing

@Suite("Time zones")
struct ZoneRulesTests {
    private func rules(_ name: String) throws -> ZoneRules {
        let folder = ["/usr/share/zoneinfo", "/var/db/timezone/zoneinfo"].first {
            FileManager.default.fileExists(atPath: "\($0)/UTC")
        }
        let file = URL(fileURLWithPath: try #require(folder, "install tzdata") + "/" + name)
        return try #require(ZoneRules(name: name, tzif: Array(try Data(contentsOf: file))))
    }

    private func seconds(_ text: String) throws -> Int64 {
        try #require(Timestamp(rfc3339: text)).milliseconds / 1000
    }

    @Test(
        "offsets match another implementation, in summer and winter, past and future",
        arguments: [
            "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
            "Australia/Sydney", "America/Sao_Paulo", "Europe/Dublin", "Pacific/Apia", "UTC",
            "America/St_Johns", "Asia/Tokyo",
        ])
    func offsets(_ name: String) throws {
        let zone = try rules(name)
        let other = try #require(TimeZone(identifier: name))
        // From 1980 to 2090, in steps that cover every hour of the day and every day of the year.
        for seconds in stride(from: Int64(315_532_800), to: 3_786_912_000, by: 86_400 * 3 + 4321) {
            let date = Date(timeIntervalSince1970: Double(seconds))
            #expect(zone.offset(at: seconds) == other.secondsFromGMT(for: date), "\(date)")
        }
    }

    @Test("the time of a clock change, to the second")
    func changes() throws {
        let berlin = try rules("Europe/Berlin")
        for (moment, before, after) in [
            ("2026-03-29T01:00:00Z", 3600, 7200), ("2026-10-25T01:00:00Z", 7200, 3600),
            ("2061-03-27T01:00:00Z", 3600, 7200), ("2061-10-30T01:00:00Z", 7200, 3600),
        ] {
            let change = try seconds(moment)
            #expect(berlin.offset(at: change - 1) == before)
            #expect(berlin.offset(at: change) == after)
        }
    }

    @Test("a local time is a moment: skipped ones move forward, repeated ones are first or last")
    func moments() throws {
        let berlin = try rules("Europe/Berlin")
        func moment(_ local: String, isLast: Bool = false) throws -> Int64 {
            berlin.moment(local: try seconds(local), isLast: isLast)
        }
        #expect(try moment("2026-07-01T12:00:00Z") == seconds("2026-07-01T10:00:00Z"))
        #expect(try moment("2026-03-29T02:30:00Z") == seconds("2026-03-29T01:30:00Z"))
        #expect(try moment("2026-10-25T02:30:00Z") == seconds("2026-10-25T00:30:00Z"))
        #expect(try moment("2026-10-25T02:30:00Z", isLast: true) == seconds("2026-10-25T01:30:00Z"))
        #expect(ZoneRules(offsetMinutes: 90).moment(local: 5400) == 0)
        // Extreme times must not trap.
        for extreme in [Int64.min / 1000, Int64.max / 1000] { _ = berlin.offset(at: extreme) }
    }

    @Test("an invalid zone file is refused, and never read beyond its end")
    func broken() throws {
        let file = URL(fileURLWithPath: "/usr/share/zoneinfo/Europe/Berlin")
        let bytes = Array(try Data(contentsOf: file))
        for count in 0..<bytes.count {
            #expect(ZoneRules(name: "x", tzif: Array(bytes.prefix(count))) == nil)
        }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var spoilt = bytes
            for _ in 0..<4 {
                spoilt[Int.random(in: 0..<spoilt.count, using: &generator)] = .random(in: 0...255)
            }
            if let zone = ZoneRules(name: "x", tzif: spoilt) {
                _ = zone.moment(local: 1_795_000_000)
            }
        }
    }
}
