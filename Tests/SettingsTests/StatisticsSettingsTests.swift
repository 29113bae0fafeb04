import Settings
import Testing

@Suite("Settings of statistics")
struct StatisticsSettingsTests {
    private func check(_ text: String) throws -> Settings.Check {
        let settings = try Settings.parse(text: "analysis: {checks: [{\(text)}], concerns: {}}")
        return settings.analysis.checks[0]
    }

    private func faults(_ text: String) -> [String] {
        do {
            _ = try Settings.parse(text: "analysis: {checks: [{\(text)}], concerns: {}}")
            return []
        } catch { return error.faults.map { "\($0.key): \($0.fault)" } }
    }

    @Test("a canary's proportion and quantile are judged by counts by default")
    func standard() throws {
        let rate = try check("id: canary.5xx_rate, fail: 0.01").statistics
        #expect(rate == Settings.Statistics(.counter))
        #expect(rate?.minDelta == 0.001)
        let latency = try check("id: canary.p95_ms, fail: 200").statistics
        #expect(latency?.kind == .latency)
        #expect(latency?.quantile == 0.95)
        #expect(try check("id: canary.p999_ms, fail: 200").statistics?.quantile == 0.999)
        #expect(try check("id: stable.5xx_rate, fail: 0.01").statistics == nil)
        #expect(try check("id: canary.rps, fail: 1").statistics == nil)
        #expect(try check("id: gateway.disk_free_ratio, fail: 0.1").statistics == nil)
    }

    @Test("off, auto, and single keys")
    func keys() throws {
        #expect(try check("id: canary.5xx_rate, fail: 1, statistics: off").statistics == nil)
        #expect(
            try check("id: canary.5xx_rate, fail: 1, statistics: auto").statistics
                == Settings.Statistics(.counter))
        var expected = Settings.Statistics(.counter)
        expected.rhoFail = 2
        expected.growth = 0.5
        expected.phi = 3
        #expect(
            try check(
                "id: canary.5xx_rate, fail: 1, statistics: {rho_fail: 2, prev_warn: 0.5, phi: 3}"
            ).statistics == expected)
    }

    @Test("a check judged by counts has no relative limit")
    func relative() throws {
        #expect(try check("id: canary.5xx_rate, stable_warn: 0.5").statistics == nil)
        #expect(
            faults("id: canary.5xx_rate, stable_warn: 0.5, statistics: {rho_fail: 2}").count == 1)
        #expect(
            faults("id: gateway.disk_free_ratio, stable_fail: 0.5").first?.contains("stable")
                == true)
    }

    @Test(
        "faults name the key",
        arguments: [
            ("statistics: on", "statistics"), ("statistics: {rho_fail: 0}", "rho_fail"),
            ("statistics: {alpha_fail: 0.9}", "alpha_fail"),
            ("statistics: {min_sample: 3}", "min_sample"), ("statistics: {tau: 3}", "tau"),
            ("statistics: {phi: 0.5}", "phi"), ("statistics: {kind: gauge}", "kind"),
        ])
    func wrong(_ text: String, _ key: String) {
        let found = faults("id: canary.5xx_rate, fail: 0.01, \(text)")
        #expect(found.count == 1)
        #expect(found.first?.contains(key) == true)
    }
}
