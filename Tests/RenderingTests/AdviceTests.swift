import Digests
import Events
import Testing

@testable import Rendering

@Suite("What messages advise")
struct AdviceTests {
    private static let renderer = Renderer()
    /// The samples about one rollout.
    private static let rollouts = SampleDigests.named.filter {
        $0.digest.rollup == nil && $0.digest.group["rollout"] != nil
    }.map(\.name)

    private func sample(_ name: String) throws -> Digest {
        try #require(SampleDigests.named.first { $0.name == name }).digest
    }

    /// The commands that some form of the message contains.
    private func commands(_ digest: Digest) -> [String] {
        let rendered = Self.renderer.render(digest)
        let forms = [
            rendered.text, rendered.html, rendered.slack, rendered.slackReply, rendered.model,
        ]
        return ["promote", "abort", "pause"].filter { verb in
            forms.contains { $0.contains("rollouts \(verb) ") }
        }
    }

    @Test("an open failure offers what a person can do")
    func open() throws {
        #expect(commands(try sample("one-az")) == ["promote", "abort", "pause"])
    }

    @Test("no form of a message says to promote or to abort after the abort", arguments: rollouts)
    func aborted(_ name: String) throws {
        var digest = try sample(name)
        digest.kind = .ended
        digest.outcome = "aborted"
        digest.incidentEnd = digest.composedAt
        digest.failuresUntilAbort = nil
        #expect(commands(digest).isEmpty)
        let text = Self.renderer.render(digest).text
        #expect(text.contains("Nothing to stop any more: the run is over."))
        #expect(!text.contains("promote goes on") && !text.contains("then promote"))
    }

    @Test("nor where the failure limit is reached: Argo aborts by itself", arguments: rollouts)
    func limit(_ name: String) throws {
        var digest = try sample(name)
        digest.kind = .failing
        digest.outcome = nil
        digest.nodeFault = nil
        digest.incidentEnd = nil
        digest.failuresUntilAbort = 0
        #expect(commands(digest).isEmpty)
        #expect(Self.renderer.render(digest).text.contains("Argo aborts this run by itself."))
    }

    @Test(
        "each trouble of the node itself comes with what to do",
        arguments: [
            EventName.authRefused, EventName.requestRefused, EventName.rateLimited,
            EventName.tlsRefused, EventName.gatewaySilent, EventName.deliveryDead,
            EventName.templateFault, EventName.logShed, EventName.logGap,
            EventName.logQuarantined, EventName.logDamaged, EventName.logPressure,
            EventName.logTrimmed, EventName.clockStepped,
        ])
    func trouble(_ name: String) throws {
        var machine = DigestMachine(settings: DigestSettings(firstAfter: .zero))
        machine.observe(
            Event(
                id: "e", ts: HostileDigests.start, level: .error, event: name, node: "gw-a1",
                message: "what happened"),
            at: LogPosition(segment: 1, offset: 1), now: HostileDigests.start)
        let digest = try #require(
            machine.due(now: HostileDigests.start + .seconds(60), caughtUp: true).first)
        #expect(digest.notices.map(\.event) == [name])
        let advice = try #require(Advice.text(digest, NextSteps(for: digest)))
        #expect(Self.renderer.render(digest).text.contains(advice))
    }
}
