import Digests
import Foundation
import Rendering
import TestSupport
import Testing

@Suite("Hostile text stays where it belongs")
struct FuzzTests {
    static let renderer = GoldenTests.renderer

    /// Digests whose texts are random chains of hostile pieces.
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
        "Text and subject hold no control, bidirectional or invisible character", arguments: 0..<12)
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

    @Test("No command line holds a name that is not a Kubernetes name")
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

    @Test("A storm's message keeps to its size and says exactly what it left out")
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

extension Unicode.Scalar {
    /// A character that shows nothing, reorders, or breaks a line.
    var isHidden: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: true
        default: false
        }
    }
}

/// The tags of a page by a strict reading: only the elements and attributes
/// that our page has, so none that loads or runs anything.
enum HTMLTags {
    struct Fault: Error { let near: String }

    private static let elements: Set<String> = [
        "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "main", "div", "h1", "p",
        "strong", "span", "table", "tr", "th", "td", "ul", "li", "pre", "a", "footer",
    ]
    private static let attributes: Set<String> = [
        "class", "href", "lang", "charset", "name", "content",
    ]

    static func check(_ html: String) throws {
        var rest = html[...]
        while let sign = rest.firstIndex(of: "<") {
            rest = rest[rest.index(after: sign)...]
            guard let close = rest.firstIndex(of: ">") else {
                throw Fault(near: "\(rest.prefix(60))")
            }
            let tag = rest[..<close].drop { $0 == "/" }
            let name = tag.prefix { $0 != " " }
            guard elements.contains(String(name)), !tag.contains("<") else {
                throw Fault(near: "\(tag.prefix(60))")
            }
            if name != "!DOCTYPE" { try check(attributes: tag.dropFirst(name.count)) }
            rest = rest[close...].dropFirst()
        }
    }

    private static func check(attributes text: Substring) throws {
        var rest = text
        while let match = rest.prefixMatch(of: #/ ([a-z]+)="([^"]*)"/#) {
            let isLink = match.1 == "href"
            guard attributes.contains(String(match.1)), !isLink || match.2.hasPrefix("https://")
            else { throw Fault(near: "\(rest)") }
            rest = rest[match.range.upperBound...]
        }
        guard rest.isEmpty else { throw Fault(near: "\(rest)") }
    }
}
