import Digests
import Events
import Foundation
import Rendering
import Testing

@Suite("Golden messages")
struct GoldenTests {
    static let renderer = Renderer(
        options: RenderOptions(
            runbookURL: "https://runbooks.example/{namespace}/{rollout}",
            rolloutURL: "https://argo.example/{namespace}/{rollout}",
            statusURL: "https://bellwether.example/",
            links: [.init(name: "Dashboard", url: "https://argo.example/d?rollout={rollout}")],
            owners: [.init(match: ["namespace": "prod"], owner: "payments", onCall: "alice")]))

    @Test("Every sample in every format", arguments: SampleDigests.named.map(\.name))
    func sample(_ name: String) throws {
        let sample = try #require(SampleDigests.named.first { $0.name == name })
        try expectGolden(sample.digest, name)
    }

    @Test("Hostile text in every field")
    func hostile() throws {
        try expectGolden(HostileDigests.one(saying: HostileDigests.showcase), "hostile")
    }

    private func expectGolden(_ digest: Digest, _ name: String) throws {
        let rendered = Self.renderer.render(digest)
        let slack = try JSONSerialization.jsonObject(with: Data(rendered.slack.utf8))
        let pretty = try JSONSerialization.data(
            withJSONObject: slack, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        try Golden.expect(String(decoding: pretty, as: UTF8.self) + "\n", in: "\(name).slack.json")
        try Golden.expect("Subject: \(rendered.subject)\n\n\(rendered.text)", in: "\(name).txt")
        try Golden.expect(rendered.html, in: "\(name).html")
    }

    @Test("The samples match their names")
    func samples() {
        let kinds = Dictionary(
            uniqueKeysWithValues: SampleDigests.named.map { ($0.name, $0.digest.kind) })
        #expect(
            kinds == [
                "one-az": .failing, "many-azs": .failing, "changed": .failing,
                "repeated": .failing, "recovery": .recovered, "ended": .ended, "silent": .ended,
                "nodata": .failing, "flap": .failing, "silence": .failing,
                "comparability": .failing, "paused": .failing,
                "node-fault": .failing, "binary-changed": .failing,
                "auth-refused": .notice, "disk-shed": .notice, "storm-rollup": .rollup,
                "storm": .rollup, "storm-group": .failing, "late": .failing,
            ])
        #expect(Set(SampleDigests.all.map(\.kind)) == Set(Digest.Kind.allCases))
    }

    @Test("A message that comes late says so, to people and to programs")
    func late() throws {
        let digest = try #require(SampleDigests.named.first { $0.name == "late" }).digest
        let rendered = Self.renderer.render(digest)
        for text in [rendered.text, rendered.html, rendered.slack] {
            #expect(text.contains("Late news") && text.contains("20 min"), "\(text)")
        }
        #expect(rendered.model.contains(#""late_seconds":1201"#), "\(rendered.model)")
        let now = Self.renderer.render(SampleDigests.all[0])
        #expect(!now.text.contains("Late news") && !now.model.contains("late_seconds"))
    }

    @Test("A message that is sent without the bucket says that it may be sent twice")
    func alone() {
        for var digest in SampleDigests.all {
            #expect(!Self.renderer.render(digest).text.contains("may be sent twice"))
            digest.aloneSince = digest.to
            let rendered = Self.renderer.render(digest)
            for text in [rendered.text, rendered.html, rendered.slack] {
                #expect(text.contains("may be sent twice"), "\(text)")
            }
            #expect(rendered.model.contains(#""alone_since":"\#(digest.to.rfc3339)""#))
        }
    }

    @Test("The same digest gives the same bytes, from any renderer")
    func deterministic() {
        for digest in SampleDigests.all {
            #expect(Renderer().render(digest) == Renderer().render(digest))
        }
    }

    @Test("The subject names the state, and is otherwise the same for the whole incident")
    func subject() {
        var machine = DigestMachine(settings: DigestSettings(recoverAfter: 1))
        let subjects = HostileDigests.incident(&machine).map { Self.renderer.render($0) }
        #expect(subjects.map(\.kind) == ["notice", "degraded", "failing", "recovered"])
        #expect(
            subjects.map { $0.subject.prefix { $0 != " " } }
                == ["[NOTICE]", "[DEGRADED]", "[FAILING]", "[RECOVERED]"])
        // Mail programs compare subjects without a leading [word] (RFC 5256 §2.1).
        #expect(Set(subjects.map { $0.subject.drop { $0 != "]" } }).count == 1)
        #expect(Set(subjects.map(\.thread)).count == 1)
        #expect(Set(subjects.map(\.id)).count == 4)
    }
}
