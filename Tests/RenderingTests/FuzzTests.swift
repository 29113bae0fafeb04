import Digests
import Events
import Foundation
@testable import Rendering
import TestSupport
import Testing

@Suite("Hostile text has no effect")
struct FuzzTests {
    static let renderer = GoldenTests.renderer

    /// Digests whose texts are random sequences of hostile fragments.
    static func digests(seed: UInt64) -> [Digest] {
        var random = SeededRandom(seed: seed)
        return HostileDigests.all {
            (0..<Int.random(in: 0...4, using: &random)).map { _ in
                HostileDigests.pieces.randomElement(using: &random) ?? ""
            }.joined()
        }
    }

    @Test("Slack gets valid blocks within its limits, and no markup from data", arguments: 0..<12)
    func slack(seed: Int) {
        for digest in Self.digests(seed: UInt64(seed)) {
            let faults = SlackChecker(Self.renderer.render(digest).slack).faults
            #expect(faults.isEmpty, "\(digest.kind)")
        }
    }

    @Test("HTML keeps its own tags and attributes, whatever the data", arguments: 0..<12)
    func html(seed: Int) {
        for digest in Self.digests(seed: UInt64(seed)) {
            let html = Self.renderer.render(digest).html
            #expect(throws: Never.self) { try HTMLTags.check(html) }
            let (isWhole, size) = (html.hasSuffix("</html>\n"), html.utf8.count)
            #expect(isWhole && size < 100_000, "\(size)")
        }
    }

    @Test(
        "Text and subject contain no control, bidi or invisible character", arguments: 0..<12)
    func text(seed: Int) {
        for digest in Self.digests(seed: UInt64(seed)) {
            let rendered = Self.renderer.render(digest)
            for scalar in rendered.text.unicodeScalars where scalar != "\n" {
                #expect(!scalar.isHidden, "U+\(String(scalar.value, radix: 16))")
            }
            #expect(rendered.subject.unicodeScalars.allSatisfy { !$0.isHidden })
            #expect(rendered.subject.utf8.count <= 600)
            #expect(rendered.text.utf8.count < 60_000)
            #expect(throws: Never.self) {
                try JSONSerialization.jsonObject(with: Data(rendered.model.utf8))
            }
        }
    }

    @Test("A value beyond its limit never has the limit's text", arguments: 0..<12)
    func limits(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let units: [MetricUnit] = [
            .ratio, .milliseconds, .seconds, .days, .bytes, .perSecond, .count,
        ]
        for _ in 0..<200 {
            let size = Double.random(in: -4...12, using: &random)
            let limit = pow(10, size) * Double.random(in: 1...10, using: &random)
            let near = pow(10, Double.random(in: -10...0, using: &random))
            let value = limit * (Bool.random(using: &random) ? 1 + near : 1 - near)
            let unit = units.randomElement(using: &random) ?? .count
            let (a, b) = HumanNumber.pair(value, limit, unit)
            #expect(a != b, "\(value) beside \(limit) \(unit)")
        }
    }

    @Test("No command line contains an invalid Kubernetes name")
    func commands() {
        for name in ["a;reboot", "$(id)", "-n", "a b", "a'b", "a\nb", "", "A", "a_b", "é", "a..b/"]
        {
            var digest = SampleDigests.all[0]
            digest.group = GroupKey([.init("namespace", "prod"), .init("rollout", name)])
            #expect(!Self.renderer.render(digest).text.contains("kubectl"), "\(name)")
            digest.group = GroupKey([.init("namespace", name), .init("rollout", "x")])
            let shown = Self.renderer.render(digest).text.contains("kubectl")
            #expect(shown == false, "\(name)")
        }
    }

    @Test("A storm's message stays within its size and states exactly what it omits")
    func storm() throws {
        var machine = DigestMachine(settings: DigestSettings(maxGroups: 1))
        let digests = HostileDigests.storm(&machine, groups: 2000)
        let rollup = try #require(digests.first?.rollup)
        let rendered = Self.renderer.render(digests[0])
        #expect(SlackChecker(rendered.slack).faults.isEmpty)
        let shown = rendered.text.ranges(of: " — failing").count
        #expect(rendered.text.contains("and 1,9\(100 - shown) more groups"))
        #expect(rollup.groups == 2000)
        #expect(rendered.text.utf8.count + rendered.html.utf8.count < 60_000)
    }
}
