import Foundation
import Testing

@testable import App

/// Compares `template check` with Argo, kind by kind; docs/template-check.md shows the same table.
///
/// Argo's behaviour is that of its own evaluator and validation, versions 1.7.2 to 1.10.0.
@Suite("What Argo makes of each kind of template")
struct TemplateKindTests {
    private static let kinds = TemplateKind.conditions + TemplateKind.others

    @Test("each kind is found, in the versions in which Argo behaves so", arguments: kinds.indices)
    func kind(index: Int) throws {
        let kind = Self.kinds[index]
        let yaml = try kind.yaml()
        for version in TemplateKind.all {
            let review = TemplateReview(yaml: yaml, argo: version)
            let found = review.findings.filter { !$0.place.isEmpty }
            guard kind.versions.contains(version) else {
                #expect(!found.contains { $0.words.hasPrefix(kind.says) }, "\(version): \(found)")
                continue
            }
            if kind.says.isEmpty {
                #expect(found == [], "\(version)")
            } else {
                #expect(
                    found.contains {
                        $0.words.hasPrefix(kind.says) && $0.isFault == kind.isFault
                    }, "\(version): \(found)")
            }
            #expect(Self.phases(review) == kind.phases, "\(version): \(kind.input)")
        }
    }

    private static func phases(_ review: TemplateReview) -> String {
        review.metrics.first?.phases.map { $0.phase.map { String($0.rawValue.prefix(1)) } ?? "?" }
            .joined() ?? ""
    }

    @Test("without a version, what differs between versions is said with the version")
    func versions() throws {
        let backticks = try #require(
            TemplateKind.conditions.first { $0.versions == TemplateKind.before110 })
        let review = TemplateReview(yaml: try backticks.yaml())
        #expect(
            review.findings.contains {
                $0.isFault && $0.words.hasPrefix("Argo before 1.10: every answer is an Error")
            }, "\(review.findings)")
        #expect(Self.phases(review) == "????")
        #expect(TemplateReview(yaml: try AnalysisTemplate().yaml).findings == [])
    }

    @Test("versions of Argo that misjudge whatever the template says are named")
    func controllers() throws {
        let yaml = try AnalysisTemplate().yaml
        #expect(TemplateReview(yaml: yaml, argo: "v1.8.1").hasFaults)
        #expect(TemplateReview(yaml: yaml, argo: "1.7").hasFaults)
        for argo in ["1.8.2", "1.9.1", "v1.10.0-rc1"] {
            let review = TemplateReview(yaml: yaml, argo: argo)
            #expect(!review.hasFaults)
            #expect(review.findings.map(\.words).first?.contains("not JSON") == true)
        }
        #expect(TemplateReview(yaml: yaml, argo: "latest").hasFaults)
        #expect(
            TemplateReview(yaml: yaml, argo: "1.11.0").findings.contains {
                $0.words.contains("was not compared")
            })
        #expect(TemplateReview(yaml: "kind: Service").hasFaults)
        for broken in ["a: [", yaml + "\n---\na: [", "a: 1\na: 2"] {
            let review = TemplateReview(yaml: broken)
            #expect(review.hasFaults)
            #expect(review.findings.contains { $0.words.hasPrefix("not YAML") }, "\(broken)")
        }
    }

    @Test("hostile conditions end the review neither early nor never")
    func hostile() {
        for text in [
            String(repeating: "(", count: 5000), String(repeating: "!", count: 5000),
            String(repeating: "a.", count: 5000), String(repeating: "[", count: 5000) + "1",
            "result ? result : ", "\"", "result matches \"(\"", "9223372036854775808 == 1",
            "result.x[99999999999999999999]", "\u{0}", "result..status", "-9223372036854775808 < 0",
        ] {
            for dialect in ArgoDialect.allCases {
                let outcome = ArgoConditions(success: text, failure: nil)
                    .outcome(of: ArgoAnswer.document("healthy"), dialect)
                #expect(outcome.phase == nil || outcome.phase == .error, "\(text.prefix(20))")
            }
        }
    }

    @Test("docs/template-check.md has the table of these kinds")
    func page() throws {
        let path = LayoutTests.top.appendingPathComponent("docs/template-check.md")
        let page = try String(contentsOf: path, encoding: .utf8)
        let begin = "<!-- kinds: begin -->\n"
        let end = "<!-- kinds: end -->"
        let start = try #require(page.firstRange(of: begin))
        let stop = try #require(page.firstRange(of: end))
        let table = try Self.table()
        if ProcessInfo.processInfo.environment["BELLWETHER_RECORD_GOLDEN"] == "1" {
            let changed = page[..<start.upperBound] + table + page[stop.lowerBound...]
            try String(changed).write(to: path, atomically: true, encoding: .utf8)
        } else {
            #expect(String(page[start.upperBound..<stop.lowerBound]) == table)
        }
        #expect(Self.kinds.count >= 50)
    }

    static func table() throws -> String {
        var text = ""
        for (title, kinds) in [
            ("Conditions", TemplateKind.conditions),
            ("Requests, limits, names", TemplateKind.others),
        ] {
            text +=
                "### \(title)\n\n| template | Argo | phases | template check |\n| --- | --- | --- | --- |\n"
            for kind in kinds {
                let review = TemplateReview(yaml: try kind.yaml(), argo: kind.versions.last)
                let found = review.findings.first {
                    !kind.says.isEmpty && $0.words.hasPrefix(kind.says)
                }
                let says = found.map { "\($0.isFault ? "**fault**" : "warning"): \($0.words)" }
                let versions =
                    switch kind.versions {
                    case TemplateKind.all: ""
                    case TemplateKind.before110: " (1.7 to 1.9)"
                    case TemplateKind.since18: " (1.8 to 1.10)"
                    default: " (\(kind.versions.joined(separator: ", ")))"
                    }
                let cells = [kind.input, kind.argo + versions, kind.phases, says ?? "right"]
                text += "| " + cells.map(Self.cell).joined(separator: " | ") + " |\n"
            }
            text += "\n"
        }
        return text
    }

    private static func cell(_ text: String) -> String {
        text.replacing("|", with: "\\|").replacing("\n", with: " ")
    }
}
