import App
import Foundation
import JSON
import TestSupport
import Testing

@Suite("bellwether template check")
struct TemplateCheckTests {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("template") }

    /// Checks the printed template with a change, outside of any node's folder.
    private func check(
        _ change: (String, String)? = nil, _ options: String...
    ) async throws -> CommandRun {
        var yaml = try AnalysisTemplate().yaml
        if let (old, new) = change {
            try #require(yaml.contains(old))
            yaml = yaml.replacing(old, with: new)
        }
        try yaml.write(toFile: folder.file("t.yaml"), atomically: true, encoding: .utf8)
        return try await CommandRun(["template", "check", "t.yaml"] + options, in: folder.path)
    }

    @Test("prints the phase of each verdict; a fault is exit 1, a warning is not")
    func phases() async throws {
        let good = try await check()
        #expect(good.exit == .code(0), "\(good.output)")
        let row = #/bellwether/verdict +Successful +Inconclusive +Inconclusive +Failed/#
        #expect(good.output.contains(row), "\(good.output)")
        #expect(!good.output.contains("fault:") && !good.output.contains("warning:"))

        let wrong = try await check(("failureLimit: 0", "failureLimit: 10"))
        #expect(wrong.exit == .code(1))
        #expect(
            wrong.output.contains(
                "fault: bellwether/verdict: failureLimit 10 equals count: a run of unhealthy verdicts ends Successful\n"
            ), "\(wrong.output)")
        #expect(wrong.output.contains(row))

        let warned = try await check(("https://bell", "http://bell"), "--argo-version", "1.9.1")
        #expect(warned.exit == .code(0))
        #expect(
            warned.output.contains(
                "warning: bellwether/verdict: http:// sends the token unencrypted\n"))
        #expect(warned.output.contains("up to 1.10 counts any 2xx that is not JSON as a success"))
    }

    @Test("prints the same as JSON; what is not decided is null")
    func json() async throws {
        let found = try await check(
            (#"result startsWith "healthy:""#, #"result startsWith "{{args.uid}}""#), "--json")
        #expect(found.exit == .code(0), "\(found.output)")
        let document = try JSONValue(
            parsing: Array(found.output.utf8), limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 8))
        let metric = try #require(document["metrics"]?[0])
        #expect(metric["template"]?.string == "bellwether")
        #expect(metric["metric"]?.string == "verdict")
        for verdict in ["healthy", "degraded", "unknown", "unhealthy"] {
            #expect(metric[verdict] == .null, "\(verdict)")
        }
        let finding = try #require(document["findings"]?[0])
        #expect(finding["fault"]?.bool == false)
        #expect(finding["place"]?.string == "bellwether/verdict")
        #expect(finding["words"]?.string?.hasPrefix("successCondition is ") == true)
    }

    @Test("texts of the file are inert in a terminal; a file that is not there is exit 66")
    func hostile() async throws {
        let found = try await check(("- name: verdict", #"- name: "a\e[2Jb""#))
        #expect(found.exit == .code(0), "\(found.output)")
        #expect(found.output.contains("b ") && !found.output.contains("\u{1B}"))
        let missing = try await CommandRun(["template", "check", "none.yaml"], in: folder.path)
        #expect(missing.exit == .code(66))
        #expect(missing.errors.contains("none.yaml: cannot be read"), "\(missing.errors)")
        #expect(missing.output.isEmpty)
    }
}
