import Digests
import Events
import Foundation
import Testing

@Suite("Silences")
struct SilenceTests {
    static func silence(_ id: String = "s1", seconds: Int, rollout: String = "payments-api")
        -> Silence
    {
        Silence(
            id: id, filter: .equal("rollout", rollout),
            schedule: .once(from: LogScript.epoch, until: LogScript.epoch + .seconds(seconds)),
            who: "alice", why: "maintenance")
    }

    @Test("A silenced failure is reported when the silence ends, with all its events")
    func ends() {
        var log = LogScript()
        log.machine.silences = [Self.silence(seconds: 600)]
        for n in 1...19 {
            log.write(log.verdict(.unhealthy, attempt: n, rate: 0.02))
            log.pass(30)
        }
        #expect(log.said().isEmpty)
        let causes = log.machine.takeSuppressions().map(\.cause)
        #expect(
            causes == [.silence(Self.silence(seconds: 600), until: LogScript.epoch + .seconds(600))]
        )
        #expect(log.machine.takeSuppressions().isEmpty)
        #expect(log.machine.resumePosition(head: log.lines[18].end) == log.lines[18].end)
        log.pass(40)
        let said = log.said()
        #expect(said.count == 1)
        #expect(said.first?.events == 19)
        #expect(said.first?.occasion == .first)
        #expect(said.first?.silence?.who == "alice")
        #expect(said.first?.silence?.until == LogScript.epoch + .seconds(600))
        #expect(said.first?.silence?.messages == 19)
        log.pass(1800)
        #expect(log.said().allSatisfy { $0.silence == nil })
    }

    @Test("A failure that starts and ends within the silence is recorded, not reported")
    func within() {
        var log = LogScript(DigestSettings(recoverAfter: 1))
        log.machine.silences = [Self.silence(seconds: 600)]
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02))
        log.pass(60)
        log.write(log.verdict(.healthy, attempt: 2, rate: 0.002))
        log.pass(6000)
        #expect(log.said().isEmpty)
        #expect(log.machine.takeSuppressions().count == 1)
        #expect(log.machine.nextDeadline == nil)
        // The group's next message reports what was held back, also after a restart.
        let saved = log.machine.checkpoint()
        log.machine = DigestMachine(position: saved.position, states: saved.changed)
        log.write(log.verdict(.unhealthy, attempt: 3, rate: 0.02))
        log.pass(20)
        let said = log.said()
        #expect(said.map(\.silence?.unreported) == [2])
        #expect(said.first?.silence?.who == "alice")
    }

    @Test("The end of an incident reported before the silence is reported after it")
    func toldBefore() {
        var log = LogScript(DigestSettings(recoverAfter: 1))
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02))
        log.pass(10)
        log.machine.silences = [Self.silence(seconds: 600)]
        log.write(log.verdict(.healthy, attempt: 2, rate: 0.002))
        log.pass(585)
        #expect(log.said().map(\.kind) == [.failing])
        log.pass(10)
        #expect(log.said().map(\.kind) == [.recovered])
    }

    @Test("Removing a silence reports its failures at once; others are not affected")
    func takenAway() {
        var log = LogScript()
        log.machine.silences = [
            Self.silence(seconds: 6000), Self.silence("s2", seconds: 6000, rollout: "x"),
        ]
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02))
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02, rollout: "x"))
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02, rollout: "y"))
        log.pass(60)
        #expect(log.said().map { $0.group["rollout"] } == ["y"])
        log.machine.silences = [Self.silence("s2", seconds: 6000, rollout: "x")]
        log.pass(1)
        #expect(log.said().map { $0.group["rollout"] } == ["payments-api"])
        log.pass(60)
        #expect(log.said().isEmpty)
        #expect(log.machine.takeSuppressions().count == 2)
    }

    @Test("A silence survives a restart")
    func restart() {
        var log = LogScript()
        log.machine.silences = [Self.silence(seconds: 600)]
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02))
        log.pass(60)
        let saved = log.machine.checkpoint()
        log.machine = DigestMachine(position: saved.position, states: saved.changed)
        log.machine.silences = [Self.silence(seconds: 600)]
        log.pass(530)
        #expect(log.said().isEmpty)
        log.pass(20)
        #expect(log.said().first?.silence?.why == "maintenance")
    }

    @Test("A silence of one zone does not hide another's failure")
    func zones() {
        var log = LogScript()
        var silence = Self.silence(seconds: 600)
        silence.filter = .equal("az", "a")
        log.machine.silences = [silence]
        log.write(log.verdict(.unhealthy, az: "a", attempt: 1, rate: 0.02))
        log.pass(20)
        #expect(log.said().isEmpty)
        log.write(log.verdict(.unhealthy, az: "b", attempt: 2, rate: 0.02))
        log.pass(20)
        #expect(log.said().map(\.failingPlaces.count) == [2])
    }

    @Test(
        "A silence covers a digest only if its conditions hold for all that it reports",
        arguments: [
            ("az=a", false), ("az in (a, b)", true), ("az=a or az=b", true),
            ("az=a or rollout=payments-api", true), ("az~a or az=c", false), ("az=*", true),
            ("az!=a", false), ("az!=c", true), ("not (az=a or az=c)", false),
            ("not (az=c and rollout=payments-api)", true), ("not not az=a", false),
            ("not az!=a", false), ("worst>=unknown", true), ("worst=degraded", false),
            ("event=log.gap", false), ("kind=failing namespace=prod", true),
        ] as [(String, Bool)])
    func covering(text: String, isSilenced: Bool) throws {
        var log = LogScript()
        var silence = Self.silence(seconds: 600)
        silence.filter = try Filter(
            text, .digests(groupBy: ["namespace", "rollout", "revision"]))
        log.machine.silences = [silence]
        log.write(log.verdict(.unhealthy, az: "a", attempt: 1, rate: 0.02))
        log.write(log.verdict(.unhealthy, az: "b", attempt: 2, rate: 0.02))
        log.pass(20)
        #expect(log.said().isEmpty == isSilenced)
    }

    @Test("Weekly times, across midnight and in other zones")
    func weekly() throws {
        func end(_ days: Set<Int>, _ from: Int, _ until: Int, _ offset: Int, _ now: String) throws
            -> String?
        {
            let silence = Silence(
                id: "m", filter: .all,
                schedule: .weekly(
                    days: days, fromMinute: from, untilMinute: until,
                    zone: ZoneRules(offsetMinutes: offset)),
                who: "", why: "")
            return silence.end(at: try #require(Timestamp(rfc3339: now)))?.rfc3339
        }
        // 2026-11-23 is a Monday.
        #expect(
            try end([1], 9 * 60, 17 * 60, 0, "2026-11-23T09:00:00Z") == "2026-11-23T17:00:00.000Z")
        #expect(try end([1], 9 * 60, 17 * 60, 0, "2026-11-23T17:00:00Z") == nil)
        #expect(try end([2], 9 * 60, 17 * 60, 0, "2026-11-23T12:00:00Z") == nil)
        #expect(
            try end([1], 22 * 60, 6 * 60, 0, "2026-11-24T05:59:59Z") == "2026-11-24T06:00:00.000Z")
        #expect(try end([1], 22 * 60, 6 * 60, 0, "2026-11-23T05:00:00Z") == nil)
        #expect(try end([2], 0, 60, 120, "2026-11-23T22:30:00Z") == "2026-11-23T23:00:00.000Z")
        #expect(try end([4], 0, 0, 0, "1969-12-25T12:00:00Z") == "1969-12-26T00:00:00.000Z")
    }

    @Test("Weekly times by a zone's name follow its clock changes")
    func weeklyByZone() throws {
        let file = URL(fileURLWithPath: "/usr/share/zoneinfo/Europe/Berlin")
        let berlin = try #require(
            ZoneRules(name: "Europe/Berlin", tzif: Array(try Data(contentsOf: file))))
        func end(_ from: Int, _ until: Int, _ now: String) throws -> String? {
            let silence = Silence(
                id: "m", filter: .all,
                schedule: .weekly(
                    days: Set(0...6), fromMinute: from, untilMinute: until, zone: berlin),
                who: "", why: "")
            return silence.end(at: try #require(Timestamp(rfc3339: now)))?.rfc3339
        }
        let (ten, six) = (22 * 60, 6 * 60)
        // Winter, summer, and the two nights of the changes.
        #expect(try end(ten, six, "2026-01-10T21:00:00Z") == "2026-01-11T05:00:00.000Z")
        #expect(try end(ten, six, "2026-01-10T20:59:59Z") == nil)
        #expect(try end(ten, six, "2026-07-10T20:00:00Z") == "2026-07-11T04:00:00.000Z")
        #expect(try end(ten, six, "2026-07-10T19:59:59Z") == nil)
        #expect(try end(ten, six, "2026-03-28T21:00:00Z") == "2026-03-29T04:00:00.000Z")
        #expect(try end(ten, six, "2026-10-24T20:00:00Z") == "2026-10-25T05:00:00.000Z")
        // A repeated end is the last one; a skipped beginning comes later.
        #expect(try end(ten, 150, "2026-10-24T23:00:00Z") == "2026-10-25T01:30:00.000Z")
        #expect(try end(150, 300, "2026-03-29T01:29:59Z") == nil)
        #expect(try end(150, 300, "2026-03-29T01:30:00Z") == "2026-03-29T03:00:00.000Z")
    }
}
