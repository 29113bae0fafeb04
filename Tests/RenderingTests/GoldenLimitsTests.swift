import Foundation
import Rendering
import Testing

@Suite("The golden files respect every documented limit")
struct GoldenLimitsTests {
    /// The names of the ten scenarios.
    private static let scenarios = [
        "one-az", "many-azs", "recovery", "flap", "storm-group", "storm-rollup", "silence",
        "nodata", "binary-changed", "auth-refused", "disk-shed",
    ]

    private func read(_ name: String) throws -> String {
        try String(contentsOf: Golden.folder.appendingPathComponent(name), encoding: .utf8)
    }

    private static let files = try? FileManager.default.contentsOfDirectory(
        atPath: Golden.folder.path
    ).sorted()

    @Test("each scenario has its text, its HTML and its Slack JSON")
    func complete() {
        let files = Set(Self.files ?? [])
        let wanted = Self.scenarios.flatMap { ["\($0).txt", "\($0).html", "\($0).slack.json"] }
        #expect(files.isSuperset(of: wanted), "\(Set(wanted).subtracting(files))")
    }

    @Test("Slack's JSON", arguments: files?.filter { $0.hasSuffix(".slack.json") } ?? [])
    func slack(_ name: String) throws {
        #expect(SlackChecker(try read(name)).faults.isEmpty)
    }

    @Test("the text fits a terminal or a phone in landscape", arguments: scenarios)
    func text(_ name: String) throws {
        for line in try read(name + ".txt").split(separator: "\n") {
            #expect(line.count <= 150, "\(line)")
            #expect(line.last != " " || line == "-- ")
        }
    }

    @Test("the essential facts are in every format")
    func facts() throws {
        let facts = [
            "payments-api canary failing in 2 AZs", "prod, revision 17",
            "5xx_rate 0.2 % → 1.9 %", "limit 1 %, over it since attempt 5, stable 0.2 %",
            "p99 180 ms → 420 ms", "warning limit 400 ms, over it since attempt 7, stable 180 ms",
            "Attempts 4–7 of 10: 1 degraded, 3 unhealthy.", "One more failure aborts.",
            "eu-west-1a", "us-east-1b", "#7", "▁▃▅▆█", "+0.43 pp", "+60 ms", "2 AZs healthy",
            "5xx_rate 1.9 % is over the limit 1 %", "Abort takes the traffic back to stable",
            "kubectl argo rollouts abort payments-api -n prod",
            "kubectl argo rollouts promote payments-api -n prod",
            "kubectl argo rollouts pause payments-api -n prod", "bellwether explain e-eu-west-1a-7",
            "https://runbooks.example/prod/payments-api", "10:02Z", "4 events, 0 dropped",
            "next on change or 10:32Z",
        ]
        for form in ["txt", "html", "slack.json"] {
            let message = try read("many-azs.\(form)")
            for fact in facts where !message.contains(fact) {
                Issue.record("\(form) lacks: \(fact)")
            }
        }
    }
}
