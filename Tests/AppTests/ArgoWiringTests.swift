import App
import Foundation
import JSON
import TestSupport
import Testing
import Yams

/// The commands that `template analysis` prints as comments, as a shell runs them.
@Suite("The printed commands that wire a Rollout")
struct ArgoWiringTests {
    /// Runs the commands in comments with stand-ins of `bellwether` and `kubectl`.
    ///
    /// - Returns: Each argument of `kubectl` on a line of its own, and what it is to read from its
    ///   standard input.
    private func run(_ comments: String) async throws -> String {
        let commands = comments.split(separator: "\n").filter { $0.hasPrefix("#   ") }
            .map { String($0.dropFirst()) }.joined(separator: "\n")
        let script = """
            bellwether() { echo bw_token; }
            kubectl() { printf '%s\\n' "$@"; case "$*" in */dev/stdin) cat;; esac; }
            \(commands)
            """
        let child = try ChildProcess("/bin/sh", ["-c", script])
        #expect(try await child.waitForExit() == .code(0), "\(child.errors)")
        return child.output
    }

    private func text(_ value: JSONValue) -> String {
        var writer = JSONWriter()
        writer.value(value)
        return writer.text
    }

    @Test("the token goes into each gateway's Secret without a newline")
    func secrets() async throws {
        let template = try AnalysisTemplate(
            namespace: "prod",
            gateways: [
                .init(az: "eu-1a", url: "https://a.example"),
                .init(az: "eu-1b", url: "https://b.example"),
            ])
        func command(_ zone: String) -> String {
            "-n\nprod\ncreate\nsecret\ngeneric\nbellwether-token-\(zone)\n--from-file=token=/dev/stdin\nbw_token"
        }
        let sent = try await run(template.secretComments)
        #expect(sent == command("eu-1a") + command("eu-1b"))
        // The template takes it from there.
        for zone in ["eu-1a", "eu-1b"] {
            let name = "bellwether-token-\(zone)"
            #expect(template.yaml.contains("name: \(name)\n          key: token\n"))
        }
    }

    @Test(
        "a shell passes the patches on as they are meant",
        arguments: AnalysisTemplate.Strategy.allCases)
    func patches(strategy: AnalysisTemplate.Strategy) async throws {
        let template = try AnalysisTemplate(
            namespace: "prod", rollout: "shop", strategy: strategy)
        let comments = template.rolloutComments
        let sent = try await run(comments).split(separator: "\n").map(String.init)
        for type in ["merge", "json"] {
            let patch = try ArgoTests.patch(type, in: comments)
            let command = [
                "-n", "prod", "patch", "rollout", "shop", "--type", type, "--patch", text(patch),
            ]
            #expect(sent.firstRange(of: command) != nil, "\(sent)")
        }
        #expect(sent.prefix(5) == ["-n", "prod", "get", "rollout", "shop"])
    }

    /// Where Argo takes each argument from.
    private static let sources = [
        "rollout": "metadata.name", "namespace": "metadata.namespace", "uid": "metadata.uid",
        "revision": "metadata.annotations['rollout.argoproj.io/revision']",
        "canary-hash": "Latest", "stable-hash": "Stable", "step": "status.currentStepIndex",
    ]

    /// The arguments of an analysis with their sources.
    private func places(_ analysis: JSONValue) throws -> [String: String] {
        var found: [String: String] = [:]
        for argument in try #require(analysis["args"]?.elements) {
            let name = try #require(argument["name"]?.string)
            let value = argument["valueFrom"]
            found[name] =
                value?["fieldRef"]?["fieldPath"]?.string ?? value?["podTemplateHashValue"]?.string
        }
        return found
    }

    @Test("each argument comes from its place in the Rollout, in the background and as a step")
    func arguments() throws {
        let background = try ArgoTests.patch(
            in: AnalysisTemplate(rollout: "shop").rolloutComments)
        let analysis = try #require(background["spec"]?["strategy"]?["canary"]?["analysis"])
        #expect(try places(analysis) == Self.sources)

        let step = try AnalysisTemplate(rollout: "shop", placement: .step).rolloutComments
        let line = try #require(step.split(separator: "\n").first { $0.contains("- analysis: ") })
        let start = try #require(line.firstRange(of: "- analysis: "))
        let block = try JSONValue(
            parsing: Array(line[start.upperBound...].utf8),
            limits: JSONLimits(maxBytes: 1 << 14, maxDepth: 12))
        #expect(try places(block) == Self.sources)
        #expect(block["templates"]?[0]?["templateName"]?.string == "bellwether")
        #expect(block["startingStep"] == nil)
        // A patch would replace the steps.
        let commands = step.split(separator: "\n").filter { $0.contains("kubectl ") }
        #expect(commands.map { $0.contains(" edit ") && !$0.contains(" patch ") } == [true])
    }

    @Test("the printed limits and credential are those that are safe")
    func safe() throws {
        let yaml = try AnalysisTemplate(count: 3, failureLimit: 1).yaml
        let tree = try #require(Yams.load(yaml: yaml) as? [String: Any])
        let spec = try #require(tree["spec"] as? [String: Any])
        let metric = try #require((spec["metrics"] as? [[String: Any]])?.first)
        #expect(metric["count"] as? Int == 3)
        #expect(metric["failureLimit"] as? Int == 1)
        #expect(metric["inconclusiveLimit"] as? Int == 2)
        #expect(metric["consecutiveErrorLimit"] as? Int == 4)
        #expect(metric["initialDelay"] as? String == metric["interval"] as? String)
        let web = try #require((metric["provider"] as? [String: Any])?["web"] as? [String: Any])
        #expect(web["timeoutSeconds"] as? Int == 15)
        #expect(
            web["headers"] as? [[String: String]]
                == [["key": "Authorization", "value": "Bearer {{args.api-token}}"]])
    }

    @Test("docs/argo.md has a paragraph for each way in which a run ends with an error")
    func paragraphs() throws {
        let page = try String(
            contentsOf: LayoutTests.top.appendingPathComponent("docs/argo.md"), encoding: .utf8)
        for start in [
            "**The Secret is missing**", "**The token ends with a newline**", "**Several zones**",
            "**TLS trouble**", "**`dryRun`**", "**Retry**",
        ] { #expect(page.contains("\n- \(start): "), "\(start)") }
    }
}
