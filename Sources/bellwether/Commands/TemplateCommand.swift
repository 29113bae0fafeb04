import App
import ArgumentParser

struct TemplateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "template", abstract: "Print what the other side needs.",
        subcommands: [TemplateAnalysisCommand.self])
}

struct TemplateAnalysisCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analysis",
        abstract: "An AnalysisTemplate, its Secret, and the Rollout's analysis block.")

    @Option(help: "The Rollout's name.") var rollout = "my-rollout"
    @Option(help: "Its namespace.") var namespace = "default"
    @Option(help: "The gateway's address as the controller reaches it.")
    var url = "https://bellwether.example:8443"
    @Option(help: "What a degraded verdict does: pause (for a person) or pass.")
    var degraded = AnalysisTemplate.Degraded.pause
    @Option(help: "Measure one concern only.") var concern: String?
    @Option(help: "Time between measurements; the gateway's analysis.interval.")
    var interval = "30s"
    @Option(help: "Measurements in one run.") var count = 10
    @Option(name: .customLong("failure-limit"), help: "Unhealthy verdicts that the run forgives.")
    var failureLimit = 0

    func run() throws {
        let template = try AnalysisTemplate(
            namespace: namespace, rollout: rollout, url: url, concern: concern,
            degraded: degraded, interval: interval, count: count, failureLimit: failureLimit)
        print(template.yaml, terminator: "")
    }
}

extension AnalysisTemplate.Degraded: ExpressibleByArgument {}
