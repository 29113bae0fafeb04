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
                      - {id: a, match: {az: b}, from: "25:00", until: "06:00"}
                      - {id: a, where: [az], from: "22:00", until: "06:00", days: [someday]}
                      - {id: c, from: "2026-11-28T20:00:00Z", until: "2026-11-28T19:00:00Z"}
                      - {id: d, where: [az=b], from: "22:00", until: "06:00", utc_offset: 1h}
                      - {id: e, where: [az=b], until: "06:00"}
                      - {id: f, where: [az=b], from: "20:00", until: "06:00"}
                      - {id: f, where: [az=b], from: "20:00", until: "06:00"}
                    """, file: "b.yaml")
            Issue.record("no fault was found")
        } catch {
            let told = error.faults.map { "\($0.key): \($0.fault)" }
            #expect(
                told.sorted()
                    == [
                        "silences[0].from: not a time of day",
                        "silences[1].days[0]: \"someday\" is not a day",
                        "silences[6].id: a second silence named \"f\"",
                        "silences[1].where[0]: \"az\" is not a matcher",
                        "silences[2].until: not after from",
                        "silences[2]: the silence matches everything",
                        "silences[3].utc_offset: \"1h\" is not an offset",
                        "silences[4]: from and until are missing",
                    ].sorted(), "\(told)")
        }
    }
}
