import Events
import Foundation
import TestSupport
import Testing

@testable import Probes

@Suite("Report formats")
struct ReportTests {
    let folder: TemporaryDirectory
    var path: String { folder.file("report") }

    init() throws { folder = try TemporaryDirectory() }

    private func measure(_ text: String, _ form: ReportForm) async throws -> [Signal] {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return await FileProbe(
            name: "doctor", path: path, maxAge: .seconds(600), form: form
        ).measure(context(now: WallClock.system.now))
    }

    // MARK: - Requirements

    @Test(
        "a report without a required value is missing data, whatever else it contains",
        arguments: [
            (#"{"n":1,"ok":true,"a":{"t":"2026-11-26T03:00:00Z","l":[],"s":"x"}}"#, nil, ""),
            (#"{"n":1,"ok":true,"a":{"t":1795413600,"l":[1],"s":""}}"#, nil, ""),
            (
                #"{"ok":true,"a":{"t":0,"l":[],"s":"x"}}"#, MissingDataReason.missingField,
                "nothing at /n"
            ),
            (
                #"{"n":null,"ok":true,"a":{"t":0,"l":[],"s":"x"}}"#, .missingField,
                "nothing at /n"
            ),
            (
                #"{"n":"1","ok":true,"a":{"t":0,"l":[],"s":"x"}}"#, .garbage,
                #"no number at /n, but "1""#
            ),
            (#"{"n":1,"ok":1,"a":{"t":0,"l":[],"s":"x"}}"#, .garbage, "no flag at /ok, but 1"),
            (#"{"n":1,"ok":true,"a":[]}"#, .garbage, "no object at /a, but a list"),
            (
                #"{"n":1,"ok":true,"a":{"t":"today","l":[],"s":"x"}}"#, .garbage,
                #"no time at /a/t, but "today""#
            ),
            (
                #"{"n":1,"ok":true,"a":{"t":0,"l":{},"s":"x"}}"#, .garbage,
                "no list at /a/l, but an object"
            ),
            (#"{"n":1,"ok":true,"a":{"t":0,"l":[],"s":5}}"#, .garbage, "no text at /a/s, but 5"),
            ("[]", .garbage, "not a JSON object"),
        ] as [(String, MissingDataReason?, String)])
    func requirements(text: String, reason: MissingDataReason?, words: String) async throws {
        let form = ReportForm.json(
            .topLevel(),
            requires: [
                .init("/n", .number), .init("/ok", .flag), .init("/a", .object),
                .init("/a/t", .time), .init("/a/l", .list), .init("/a/s", .text),
            ])
        let signals = try await measure(text, form)
        if let reason {
            #expect(signals.map(\.name) == ["doctor.fresh"], "nothing in it counts")
            #expect(
                signals[0].value == .absent(why: reason.rawValue, detail: words))
        } else {
            #expect(signals.number("doctor.n") == 1)
        }
    }

    // MARK: - Doctor reports

    private func doctor(_ text: String) async throws -> [Signal] {
        try await measure(text, .doctor())
    }

    @Test("a doctor report: its status, its checks, their numbers")
    func report() async throws {
        let signals = try await doctor(
            #"""
            {"status": "warn", "checks": {
              "disk:free": [{"status": "pass", "observedValue": 41.5, "observedUnit": "percent"}],
              "ntp:offset": [{"status": "warn", "observedValue": 180, "observedUnit": "ms"}],
              "raid": [{"status": "up"}, {"status": "FAIL", "observedValue": 3}],
              "kernel": [{"status": "ok", "observedValue": "6.1"}]}}
            """#)
        #expect(
            signals.map(\.name) == [
                "doctor.fresh", "doctor.status_ok", "doctor.checks", "doctor.warned",
                "doctor.failed", "doctor.disk_free_ok", "doctor.disk_free", "doctor.ntp_offset_ok",
                "doctor.ntp_offset", "doctor.raid_ok", "doctor.kernel_ok",
            ])
        #expect(signals["doctor.fresh"]?.value == .flag(true))
        #expect(
            signals["doctor.status_ok"]?.value == .flag(false),
            "no report is better than its checks")
        #expect(signals.number("doctor.checks") == 4)
        #expect(signals.number("doctor.warned") == 1)
        #expect(signals.number("doctor.failed") == 1)
        #expect(signals["doctor.raid_ok"]?.value == .flag(false))
        #expect(signals["doctor.ntp_offset_ok"]?.value == .flag(true))
        #expect(
            signals["doctor.ntp_offset"]
                == Signal("doctor.ntp_offset", unit: .milliseconds, value: .number(180)))
    }

    @Test("a warning alone is not a failure, and a report may have no checks")
    func mild() async throws {
        #expect(
            try await doctor(#"{"status":"warn"}"#)["doctor.status_ok"]?.value == .flag(true))
        #expect(
            try await doctor(#"{"status":"down"}"#)["doctor.status_ok"]?.value == .flag(false))
    }

    @Test("a check without a status only measures: neither success nor failure")
    func measuringOnly() async throws {
        let signals = try await doctor(
            #"{"status":"pass","checks":{"up":[{"observedValue":9}],"none":[],"bare":[{}],"mixed":[{},{"status":"fail"}]}}"#
        )
        #expect(signals.number("doctor.up") == 9)
        for name in ["up", "none", "bare"] { #expect(signals["doctor.\(name)_ok"] == nil) }
        #expect(signals["doctor.mixed_ok"]?.value == .flag(false))
        #expect(signals["doctor.status_ok"]?.value == .flag(false))
        #expect(signals.number("doctor.checks") == 1)
        #expect(signals.number("doctor.failed") == 1)
    }

    @Test("members of the sender's own are no near-misses, and a value with a unit is a number")
    func own() async throws {
        let signals = try await doctor(
            #"""
            {"status": "pass", "version": "1", "details": {}, "checks": {
              "raid": [{"state": "idle", "observedValue": 2, "observedUnit": "disks"}],
              "ntp": [{"status": "pass", "observedValue": "180", "observedUnit": "ms"}],
              "kernel": [{"status": "pass", "observedValue": "6.1"}]}}
            """#)
        #expect(signals.number("doctor.raid") == 2)
        #expect(
            signals["doctor.ntp"]?.value
                == .absent(why: "garbage", detail: #"observedValue is no number, but "180""#))
        #expect(signals["doctor.ntp"]?.unit == .milliseconds)
        #expect(signals["doctor.kernel"] == nil)
    }

    @Test("the report's own time counts, not the file's")
    func time() async throws {
        let signals = try await doctor(#"{"status":"pass","time":"2020-01-01T00:00:00Z"}"#)
        #expect(signals["doctor.fresh"]?.value == .flag(false))
        #expect(signals.reason("doctor.status_ok") == .stale)
    }

    @Test(
        "a malformed report counts as no data",
        arguments: [
            "{}", #"{"status":true}"#, #"{"status":"fine"}"#, #"{"status":"pass","checks":[]}"#,
            #"{"status":"pass","checks":{"a":{"status":"pass"}}}"#,
            #"{"status":"pass","checks":{"a":[1]}}"#,
            #"{"status":"pass","checks":{"a":[{"status":null}]}}"#,
            #"{"status":"pass","checks":{"a":[{"status":"great"}]}}"#,
            #"{"status":"pass","time":"today"}"#, #"["pass"]"#, "pass", "",
            #"{"status":"pass","Checks":{"a":[{"status":"fail"}]}}"#,
            #"{"status":"pass","check":{"a":[{"status":"fail"}]}}"#,
            #"{"status":"pass","Time":"2020-01-01T00:00:00Z"}"#,
            #"{"status":"pass","checks":{"a":[{"Status":"fail"}]}}"#,
            #"{"status":"pass","checks":{"a":[{"staus":"fail"}]}}"#,
            #"{"status":"pass","checks":{"a":[{"state":"DOWN"}]}}"#,
            #"{"status":"pass","checks":{"a":[{"status":"pass"},{"result":"error"}]}}"#,
        ])
    func wrong(text: String) async throws {
        let signals = try await doctor(text)
        #expect(signals.count == 5)
        #expect(signals.allSatisfy { signals.reason($0.name) == .garbage }, "\(signals)")
    }

    // MARK: - Textfiles

    private let textfile = ReportForm.textfile(
        TextfileSelection([
            .init("age_s", metric: "backup_age_seconds", labels: [.init("job", "db")]),
            .init("gateway.spool", metric: "spool_files"), .init("ok", metric: "backup_ok"),
        ]))

    @Test("a byte order mark before a report is ignored, a second one is not")
    func mark() async throws {
        let reports: [(String, ReportForm, String)] = [
            (#"{"n":7}"#, .json(.topLevel()), "doctor.n"),
            (#"{"status":"pass"}"#, .doctor(), "doctor.status_ok"),
            ("backup_ok 7\n", textfile, "doctor.ok"),
        ]
        for (text, form, name) in reports {
            #expect(try await measure("\u{FEFF}" + text, form).number(name) != nil, "\(name)")
            let twice = try await measure("\u{FEFF}\u{FEFF}" + text, form)
            #expect(twice.reason("doctor.fresh") == .garbage, "\(name)")
        }
    }

    @Test("series of a textfile, selected by labels")
    func series() async throws {
        let signals = try await measure(
            """
            # TYPE backup_age_seconds gauge
            backup_age_seconds{job="db",host="a"} 12.5
            backup_age_seconds{job="www"} 99
            spool_files 3

            """, textfile)
        #expect(signals["doctor.fresh"]?.value == .flag(true))
        #expect(signals.number("doctor.age_s") == 12.5)
        #expect(signals.number("gateway.spool") == 3)
        #expect(signals.reason("doctor.ok") == .missingField)
    }

    @Test("a value with an old timestamp of its own is stale, in a file that is fresh")
    func timestamps() async throws {
        let now = WallClock.system.now.milliseconds
        let signals = try await measure(
            "spool_files 3 \(now - 3_600_000)\nbackup_ok 1 \(now - 1000)\n", textfile)
        #expect(signals["doctor.fresh"]?.value == .flag(true))
        #expect(signals.reason("gateway.spool") == .stale)
        #expect(signals.number("doctor.ok") == 1)
    }

    @Test("several series for one signal, and a file that is not a textfile")
    func wrongSeries() async throws {
        let signals = try await measure("spool_files{a=\"b\"} 1\nspool_files 2\n", textfile)
        #expect(signals.reason("gateway.spool") == .garbage)
        let cut = try await measure("spool_files 2", textfile)
        #expect(cut.allSatisfy { cut.reason($0.name) == .garbage }, "half-written")
        #expect(try await measure("<html>", textfile).reason("doctor.fresh") == .garbage)
    }
}
