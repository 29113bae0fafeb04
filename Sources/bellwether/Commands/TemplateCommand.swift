import App
import ArgumentParser
import Core
import Foundation
import JSON
import Settings

struct TemplateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "template", abstract: "Print or check AnalysisTemplates for Argo Rollouts.",
        subcommands: [TemplateAnalysisCommand.self, TemplateCheckCommand.self])
}

struct TemplateAnalysisCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analysis",
        abstract: "Print an AnalysisTemplate that can be applied as it is.",
        discussion: """
            --secret and --rollout add comments: the commands that create the Secret and that add the \
            analysis to a Rollout without changing the rest of it. Warnings go to standard error. If \
            Argo would refuse or misjudge the template, it is not printed, and the command exits with 1.
            """)

    @OptionGroup var config: ConfigOption
    @Option(
        help: "The template's name, unique in its namespace. The Secret is NAME-token.")
    var name = "bellwether"
    @Option(help: "Also print, as comments, the command that adds the analysis to this Rollout.")
    var rollout: String?
    @Flag(help: "Also print, as comments, the commands that create the Secret of each token.")
    var secret = false
    @Option(help: "The Rollout's strategy: canary, canary-without-steps or bluegreen.")
    var strategy = AnalysisTemplate.Strategy.canary
    @Option(help: "When to measure: in the background of the steps, or as a step.")
    var placement = AnalysisTemplate.Placement.background
    @Option(help: "The namespace.") var namespace = "default"
    @Option(help: "The gateway's address as the controller reaches it.")
    var url = "https://bellwether.example:8443"
    @Option(help: "ZONE=URL instead of --url; once for each availability zone.")
    var gateway: [String] = []
    @Option(help: "What a degraded verdict does: pause (for a person) or pass.")
    var degraded = AnalysisTemplate.Degraded.pause
    @Option(
        help:
            "What the AnalysisRun shows and the conditions judge: the summary line or the document."
    )
    var value = AnalysisTemplate.Value.summary
    @Option(help: "A metric for one concern; may be given several times.")
    var concern: [String] = []
    @Option(help: "Time between measurements; the gateway's analysis.interval.")
    var interval: String?
    @Option(help: "Measurements in one run; the concern's, else 10.") var count: Int?
    @Option(
        name: .customLong("failure-limit"),
        help: "Unhealthy verdicts that the run tolerates; the concern's, else 0.")
    var failureLimit: Int?
    @Option(help: "The version of Argo Rollouts, for warnings about what it misjudges.")
    var argoVersion: String?

    func run() throws {
        let settings = try config.load()
        // All metrics of the template share these values, so that a concern's own values
        // apply only where it is the only concern.
        let concerns = settings.analysis.concerns(
            namespace: namespace, rollout: rollout ?? "my-rollout")
        let own = concern.count == 1 ? concerns?[concern[0]]?.template : nil
        let pace = (own?.interval ?? settings.analysis.interval).components.seconds
        let template = try AnalysisTemplate(
            name: name, namespace: namespace, rollout: rollout ?? "my-rollout",
            gateways: try gateways(),
            concerns: concern,
            degraded: degraded, value: value, interval: interval ?? "\(max(1, pace))s",
            count: count ?? own?.count ?? 10,
            failureLimit: failureLimit ?? own?.failureLimit ?? 0,
            strategy: strategy, placement: placement)
        for warning in template.warnings(for: settings.analysis) {
            Standard.error("warning: \(warning)")
        }
        let review = TemplateReview(yaml: template.yaml, argo: argoVersion)
        for finding in review.findings { Standard.error("\(finding)") }
        if review.hasFaults { throw ExitCode(1) }
        print(template.yaml, terminator: "")
        if secret { print(template.secretComments, terminator: "") }
        if rollout != nil { print(template.rolloutComments, terminator: "") }
    }

    private func gateways() throws -> [AnalysisTemplate.Gateway] {
        if gateway.isEmpty { return [.init(url: url)] }
        return try gateway.map { text in
            let parts = text.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { throw ValidationError("--gateway takes ZONE=URL") }
            return .init(az: String(parts[0]), url: String(parts[1]))
        }
    }
}

struct TemplateCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Show what Argo makes of each verdict under your own template.",
        discussion: "Exit 1 if a fault is found.")

    @Argument(help: "A YAML file with AnalysisTemplates; - is standard input.") var file: String
    @Option(help: "The version of Argo Rollouts.") var argoVersion: String?
    @Flag(help: "Print as JSON.") var json = false

    func run() throws {
        let data =
            file == "-"
            ? FileHandle.standardInput.readDataToEndOfFile()
            : FileManager.default.contents(atPath: file)
        guard let data else {
            Standard.error("\(file): cannot be read")
            throw ExitCode(66)
        }
        let review = TemplateReview(
            yaml: String(decoding: data, as: UTF8.self), argo: argoVersion)
        if json {
            Standard.write(Self.document(review) + [UInt8(ascii: "\n")])
        } else {
            var table = Table("METRIC", "HEALTHY", "DEGRADED", "UNKNOWN", "UNHEALTHY")
            for metric in review.metrics {
                let phases = metric.phases.map { $0.phase?.rawValue ?? "?" }
                table.add(
                    "\(metric.template)/\(metric.name)", phases[0], phases[1], phases[2], phases[3])
            }
            if !review.metrics.isEmpty { Standard.line(table.text) }
            for finding in review.findings { Standard.line(InertText.terminal("\(finding)")) }
        }
        if review.hasFaults { throw ExitCode(1) }
    }

    private static func document(_ review: TemplateReview) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { w in
            w.member(array: "metrics") { w in
                for metric in review.metrics {
                    w.object { w in
                        w.member("template", metric.template)
                        w.member("metric", metric.name)
                        for (verdict, phase) in metric.phases {
                            w.member(verdict, phase?.rawValue)
                        }
                    }
                }
            }
            w.member(array: "findings") { w in
                for finding in review.findings {
                    w.object { w in
                        w.member("fault", finding.isFault)
                        w.member("place", finding.place)
                        w.member("words", finding.words)
                    }
                }
            }
        }
        return writer.bytes
    }
}

extension AnalysisTemplate.Degraded: ExpressibleByArgument {}
extension AnalysisTemplate.Value: ExpressibleByArgument {}
extension AnalysisTemplate.Strategy: ExpressibleByArgument {}
extension AnalysisTemplate.Placement: ExpressibleByArgument {}
