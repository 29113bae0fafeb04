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
            "owner payments · on call alice · 20 % on the canary, step 2",
            "image registry.example/payments:1.9.0 (before: registry.example/payments:1.8.4)",
            "5xx_rate 0.2 % → 1.9 %", "in eu-west-1a",
            "limit 1 %, over it since attempt 5, stable 0.2 %", "p99 180 ms → 420 ms",
            "warning limit 400 ms, over it since attempt 7, stable 180 ms",
            "Attempts 4–7 of 10: 1 degraded, 3 unhealthy.", "One more failure aborts.",
            "eu-west-1a", "us-east-1b", "#7", "2 AZs healthy",
            "Abort takes the traffic back to stable",
            "kubectl argo rollouts abort payments-api -n prod",
            "kubectl argo rollouts promote payments-api -n prod",
            "kubectl argo rollouts pause payments-api -n prod", "bellwether explain e-eu-west-1a-7",
            "https://runbooks.example/prod/payments-api", "Dashboard", "10:02Z",
            "4 events, 0 dropped", "next on change or", "10:32Z",
        ]
        for form in ["txt", "html", "slack.json"] {
            // Bold type ends between a metric's values and its place.
            let message = try read("many-azs.\(form)")
                .replacing("</strong>", with: "").replacing("<strong>", with: "")
            // A phone shows no curves and changes beside a second metric.
            let wanted = facts + (form == "slack.json" ? [] : ["▁▃▅▆█", "+0.43 pp", "+60 ms"])
            for fact in wanted where !message.contains(fact) {
                Issue.record("\(form) lacks: \(fact)")
            }
        }
    }

    @Test("no metric is shown at two strengths, and a table fits a phone")
    func once() throws {
        for name in ["many-azs", "changed", "nodata", "binary-changed"] {
            let text = try read("\(name).txt")
            #expect(!text.contains("is over the"), "\(name)")
            let lines = text.split(separator: "\n")
            #expect(lines.count { $0.hasPrefix("5xx_rate ") } == 1, "\(name)")
        }
        #expect(try read("binary-changed.txt").contains("over it since the first attempt"))
        for name in Self.scenarios {
            let slack = try read("\(name).slack.json")
            for block in slack.split(separator: "```").dropFirst() where block.hasPrefix("AZ ") {
                for line in block.components(separatedBy: "\\n") {
                    // Wider lines wrap in Slack on a phone 390 pixels wide.
                    #expect(line.count <= 40, "\(name): \(line)")
                }
            }
        }
    }
}
