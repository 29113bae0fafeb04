import Events
import Foundation
import Secrets
import Settings
import TestSupport
import Testing

/// Configurations as editors, `echo` and other tools write them.
@Suite("Configurations written by common tools")
struct FieldInputTests {
    @Test("a byte order mark before the text is ignored; UTF-16 is reported")
    func byteOrderMark() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("b.yaml")
        try Data([0xEF, 0xBB, 0xBF] + "az: eu\r\n".utf8).write(to: URL(fileURLWithPath: path))
        #expect(try Settings.load(path: path, environment: [:]).az == "eu")
        #expect(try Settings.parse(text: "\u{FEFF}az: eu\n").az == "eu")
        for bytes: [UInt8] in [[0xFF, 0xFE, 0x61, 0], [0xFE, 0xFF, 0, 0x61]] {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: SettingsFaults.self) {
                try Settings.load(path: path, environment: [:])
            }
            #expect(error?.description.contains("UTF-16 text; save it as UTF-8") == true)
        }
    }

    static let expanded = [
        "node: '${env:X}'", "az: '${env:X}'", "data_dir: '${env:X}'",
        "forward: {to: 'https://${env:X}'}\nroles: [gateway]",
        "receivers: [{name: m, kind: smtp, url: 'smtps://h', from: a@b, to: [a@b], username: '${env:X}', password: '${env:X}'}]",
        "receivers: [{name: m, kind: slack, url: 'https://${env:X}/x'}]",
        "receivers: [{name: m, kind: slack, token: '${env:X}', channel: '${env:X}'}]",
        "analysis: {probes: [{name: a, kind: queue, url: 'http://h', pointer: /n, headers: {X: '${env:X}'}, token: '${env:X}'}], checks: [{id: gateway.a_depth, warn: 1}], concerns: {}}",
    ]

    @Test(
        "a variable's line end is removed, a line break within is refused", arguments: expanded
    )
    func newline(_ text: String) throws {
        let plain = try Settings.parse(text: text, environment: ["X": "C01"])
        for value in ["C01\n", "C01\r\n", "C01\n\n", "\u{FEFF}C01\n"] {
            #expect(
                try Settings.parse(text: text, environment: ["X": value]).describe()
                    == plain.describe())
        }
        for value in ["C0\n1", "C0\r1\n", "C0\u{0}1", "C0\u{1B}[31m"] {
            let found = faults(of: text, environment: ["X": value])
            #expect(!found.isEmpty)
            #expect(
                found.contains {
                    $0.fault.contains("variable \"X\" holds a line break")
                        && $0.remedy == "set it to one line"
                }, "\(found)")
        }
    }

    @Test("a block's line end is removed; a line break within a one-line value is a fault")
    func block() throws {
        #expect(try Settings.parse(text: "az: |\n  eu\n").az == "eu")
        #expect(try Settings.parse(text: "az: >\n  eu\n").az == "eu")
        #expect(
            faults(of: "data_dir: \"a\\nb\"").map(\.fault)
                == ["holds a line break or another control character"])
    }

    @Test("a file with more than one secret is refused")
    func secretLines() throws {
        let folder = try TemporaryDirectory()
        try "one\ntwo\n".write(toFile: folder.file("s"), atomically: true, encoding: .utf8)
        let found = messages(of: "forward: {to: \"https://a\", token_file: \(folder.file("s"))}")
        #expect(found.count == 1)
        #expect(found.first?.contains("it holds more than one line") == true)
    }
}

@Suite("Merge keys")
struct MergeKeyTests {
    private func probes(_ text: String) throws -> [Settings.Probe] {
        try Settings.parse(
            text: """
                analysis:
                  interval: 10s
                  checks: [{id: dependency.b_ok}]
                  concerns: {}
                  probes:
                \(text)
                """
        ).analysis.probes
    }

    @Test("members are merged; the mapping's own keys and the earlier mapping take precedence")
    func merged() throws {
        let one = try probes(
            """
                - &page {name: a, kind: http, url: "http://a/h", timeout: 300ms, headers: {X: "1"}}
                - {<<: *page, name: b, url: "http://b/h"}
            """)
        #expect(one.map(\.name) == ["a", "b"])
        #expect(one.map(\.timeout) == [.milliseconds(300), .milliseconds(300)])
        let http = try #require(one[1].http)
        #expect(http.access.url == "http://b/h")
        #expect(http.access.headers == ["X": .visible("1")])
        // Nested, in lists, and through one another. A quoted `"<<"` is an ordinary key.
        let many = try probes(
            """
                - &base {name: a, kind: http, url: "http://a", timeout: 200ms, expect: [204]}
                - &slow {<<: *base, name: b, timeout: 400ms}
                - <<: [*slow, *base]
                  name: c
            """)
        #expect(
            many.map(\.timeout) == [.milliseconds(200), .milliseconds(400), .milliseconds(400)])
        let last = try #require(many[2].http)
        #expect(last.expect == [204...204])
        #expect(faults(of: "digest: {\"<<\": 1}").map(\.key) == ["digest.<<"])
    }

    @Test("receivers, checks and sections can be merged, more than twelve times")
    func everywhere() throws {
        let settings = try Settings.parse(
            text: """
                analysis:
                  checks:
                    - &c {id: canary.5xx_rate, warn: 0.1, nodata: fail}
                    - {<<: *c, id: stable.5xx_rate}
                receivers:
                  - &r {name: r0, kind: webhook, url: "http://127.0.0.1/x", timeout: 3s}
                \((1...20).map { "  - {<<: *r, name: r\($0)}" }.joined(separator: "\n"))
                """)
        #expect(settings.analysis.checks.map(\.nodata) == [.fail, .fail])
        #expect(settings.receivers.count == 21)
        #expect(settings.receivers.allSatisfy { $0.timeout == .seconds(3) })
    }

    @Test("faults of merged members point at their source; invalid merges are reported")
    func faultPlaces() {
        #expect(
            messages(
                of: """
                    digest: &d
                      windw: 1m
                    log: {<<: *d}
                    """
            ).map { $0.prefix(24) } == ["b.yaml:2:3: log.windw: u", "b.yaml:2:3: digest.windw"])
        #expect(
            faults(of: "az: &a eu\ndigest: {<<: *a}").map(\.fault)
                == ["<< merges what is not a mapping"])
        #expect(
            faults(of: "log: &l {}\ndigest: {<<: *l, <<: *l}").map(\.remedy)
                == ["merge several with <<: [*a, *b]"])
        let many = "a: &a {b: 1}\n" + "c: {<<: [" + String(repeating: "*a,", count: 900) + "]}\n"
        #expect(faults(of: many).map(\.key) == ["a", "c"])
        let bomb =
            "a0: &a0 {x: 1}\n"
            + (1...40).map { "a\($0): &a\($0) {<<: [*a\($0 - 1), *a\($0 - 1)]}\n" }.joined()
        #expect(!faults(of: bomb).isEmpty)
    }
}

@Suite("Mute times by time zone")
struct MuteZoneTests {
    private func silence(_ keys: String, environment: [String: String] = [:]) -> [SettingsFault] {
        faults(
            of: "silences: [{id: a, match: {az: b}, from: \"22:00\", until: \"06:00\", \(keys)}]",
            environment: environment)
    }

    @Test("a zone by name; an unknown one is refused with the probable one")
    func names() {
        for zone in ["Europe/Berlin", "America/Argentina/Buenos_Aires", "UTC", "Etc/GMT+3"] {
            #expect(silence("timezone: \(zone)") == [], "\(zone)")
        }
        for (zone, meant) in [
            ("Europe/Berln", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"),
            ("Berlin", "Europe/Berlin"), ("New York", "America/New_York"),
            ("Asia/Kolkatta", "Asia/Kolkata"),
        ] {
            let found = silence("timezone: \(zone)")
            #expect(found.map(\.key) == ["silences[0].timezone"])
            #expect(found.map(\.remedy) == ["did you mean \(meant)?"])
        }
        for zone in [
            "../../etc/passwd", "/etc/passwd", "zone.tab", "Europe", "Nowhere/At_All_Ever",
        ] {
            #expect(silence("timezone: \(zone)").map(\.fault) == ["\"\(zone)\" is not a time zone"])
        }
        #expect(
            silence("timezone: UTC, utc_offset: \"+01:00\"").map(\.remedy) == [
                "keep one of the two"
            ])
        #expect(silence("time_zone: UTC").map(\.remedy) == ["did you mean timezone?"])
    }

    @Test("a folder of zones by TZDIR; an invalid file there is a fault")
    func folder() throws {
        let folder = try TemporaryDirectory()
        try "x".write(toFile: folder.file("UTC"), atomically: true, encoding: .utf8)
        #expect(
            silence("timezone: UTC", environment: ["TZDIR": folder.path]).map(\.remedy)
                == ["write a zone like Europe/Berlin, or install tzdata again"])
    }
}

extension Settings.Probe {
    fileprivate var http: HTTP? {
        if case .http(let http) = kind { http } else { nil }
    }
}
