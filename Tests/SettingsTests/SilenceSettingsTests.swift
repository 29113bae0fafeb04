import Events
import Settings
import Testing

@Suite("Silences in the configuration")
struct SilenceSettingsTests {
    @Test("every fault has its position and remedy")
    func faults() throws {
        do {
            _ = try Settings.parse(
                text: """
                    silences:
                      - {id: a, match: {az: b}, from: "25:00", until: "6"}
                      - {id: a, where: [az], from: "22:00", until: "06:00", days: [someday]}
                      - {id: c, from: "2026-11-28T20:00:00Z", until: "2026-11-28T19:00:00Z"}
                      - {id: d, where: [az=b], from: "22:00", until: "06:00", utc_offset: 1h}
                      - {id: e, where: [az=b], until: "06:00"}
                      - {id: f, where: [az=b], from: "20:00", until: "06:00"}
                      - {id: f, where: [az=b], from: "20:00", until: "06:00"}
                      - {id: g, match: {namespace: a}, where: [namespace=b], from: "20:00", until: "06:00"}
                    """, file: "b.yaml")
            Issue.record("no fault was found")
        } catch {
            let reported = error.faults.map { "\($0.key): \($0.fault)" }
            #expect(
                reported.sorted()
                    == [
                        "silences[0].from: \"25:00\" is not a time of day",
                        "silences[0].until: \"6\" is not a time of day",
                        "silences[1].days[0]: \"someday\" is not a day",
                        "silences[6].id: a second silence named \"f\"",
                        "silences[1].where[0]: \"az\": no comparison",
                        "silences[7].where: \"namespace=b\": namespace never has two values at once",
                        "silences[2].until: not after from",
                        "silences[2]: the silence matches everything",
                        "silences[3].utc_offset: \"1h\" is not an offset",
                        "silences[4]: from and until are missing",
                    ].sorted(), "\(reported)")
        }
    }

    @Test("silences and routes take a filter as text, as list and as mapping")
    func forms() throws {
        func filter(_ keys: String) throws -> String {
            let settings = try Settings.parse(
                text: "silences: [{id: a, \(keys), from: \"22:00\", until: \"06:00\"}]",
                file: "b.yaml")
            return settings.silences[0].filter.description
        }
        #expect(
            try filter(#"match: 'namespace=prod and rollout=~"^pay"'"#)
                == #"namespace=prod and rollout=~"^pay""#)
        #expect(
            try filter("match: {rollout: 'pay*', az: [a, b]}") == "az in (a, b) and rollout=pay*")
        #expect(
            try filter("match: {namespace: dev}, where: [kind!=notice, az~eu west]")
                == #"namespace=dev and kind!=notice and az~"eu west""#)
        #expect(try filter("where: az=a or az=b") == "(az=a or az=b)")
        let route = try Settings.parse(
            text: "route: {routes: [{match: 'worst>=unknown or kind=notice'}]}", file: "b.yaml"
        ).route.routes[0]
        #expect(route.filter.description == "(worst>=unknown or kind=notice)")
    }

    @Test(
        "a filter that can select nothing is refused with a suggestion",
        arguments: [
            (
                "match: {namspace: dev}",
                ".match.namspace: there is no field namspace; did you mean namespace?"
            ),
            (
                "match: 'namspace=dev'",
                ".match: \"namspace\": there is no field namspace; did you mean namespace?"
            ),
            ("match: 'az=a,b'", ".match: \"az=a,b\": a comma joins nothing"),
            ("match: ''", ".match: no condition"),
            ("match: {az: []}", ".match.az: the list is empty"),
            ("match: {team: x}", "digest.group_by"),
            (
                "where: [kind=notices]",
                ".where[0]: \"notices\": no kind is = notices; did you mean notice?"
            ),
            ("where: [az=b, (az=a]", ".where[1]: \"(az=a\": the parenthesis is not closed"),
        ] as [(String, String)])
    func refused(keys: String, message: String) {
        let text = "silences:\n  - {id: a, \(keys), from: \"22:00\", until: \"06:00\"}\n"
        let found = messages(of: text)
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.contains(message) == true, "\(found)")
    }
}
