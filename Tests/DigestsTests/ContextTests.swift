import Events
import JSON
import Testing

@testable import Digests

@Suite("Facts about the rollout")
struct ContextTests {
    private static let start = Timestamp(milliseconds: 1_795_600_800_000)

    private func event(
        _ name: String, _ status: VerdictStatus? = nil, message: String? = nil,
        at seconds: Int = 0, extra: [JSONValue.Member] = []
    ) -> Event {
        Event(
            ts: Self.start + .seconds(seconds), level: status == .healthy ? .info : .error,
            event: name, node: "gw-a", az: "a", namespace: "prod", rollout: "shop", revision: "2",
            attempt: seconds + 1, status: status, message: message, extra: extra)
    }

    private func digests(_ events: [Event], restarting: Bool = false) -> [Digest] {
        var machine = DigestMachine(settings: DigestSettings(firstAfter: .zero))
        for (index, event) in events.enumerated() {
            machine.observe(
                event, at: LogPosition(segment: 1, offset: UInt64(index + 1)), now: event.ts)
        }
        if restarting {
            // The stored form is what a restart reads.
            let states = machine.checkpoint().groups
            for state in states {
                let again = GroupState(json: state.json)
                #expect(again?.context == state.context)
            }
        }
        return machine.due(now: Self.start + .seconds(120), caughtUp: true)
    }

    @Test("the latest weight, step, image and owner of any event are in the digest, and stored")
    func facts() throws {
        let digest = try #require(
            digests(
                [
                    event(
                        "rollout.updated",
                        extra: [
                            .init("weight", .number("5")), .init("image", .string("shop:2")),
                            .init("previous_image", .string("shop:1")),
                            .init("team", .string("shopping")), .init("on_call", .string("@ann")),
                        ]),
                    event(
                        "analysis.unhealthy", .unhealthy, at: 1,
                        extra: [.init("weight", .string("20")), .init("step", .number("3"))]),
                ], restarting: true
            ).last)
        #expect(digest.context.weight == 20)
        #expect(digest.context.step == 3)
        #expect(digest.context.image == "shop:2")
        #expect(digest.context.previousImage == "shop:1")
        #expect(digest.context.owner == "shopping")
        #expect(digest.context.onCall == "@ann")
    }

    @Test("values that are not of their kind are ignored")
    func others() throws {
        let digest = try #require(
            digests([
                event(
                    "analysis.unhealthy", .unhealthy,
                    extra: [
                        .init("weight", .number("101")), .init("step", .string("many")),
                        .init("image", .number("7")), .init("owner", .array([])),
                    ])
            ]).last)
        #expect(digest.context == RolloutContext())
    }

    @Test("the controller's reason is that of this incident only")
    func reason() throws {
        let ended = digests([
            event("analysis.unhealthy", .unhealthy),
            event("rollout.aborted", message: "Argo aborted the rollout: too many errors", at: 1),
        ])
        #expect(ended.last?.context.reason == "Argo aborted the rollout: too many errors")
        let again = digests([
            event("rollout.aborted", message: "an earlier abort"),
            event("analysis.unhealthy", .unhealthy, at: 61),
        ])
        #expect(again.last?.context.reason == "")
        let paused = [
            event("analysis.unhealthy", .unhealthy),
            event("rollout.paused", message: "the rollout waits for a person", at: 1),
        ]
        #expect(digests(paused).last?.context.reason == "the rollout waits for a person")
        let resumed = event("rollout.resumed", message: "the rollout goes on", at: 2)
        #expect(digests(paused + [resumed]).last?.context.reason == "")
    }

    @Test("a kind of its own for failures that are only degraded or not measurable")
    func kinds() throws {
        for (status, word) in [
            (VerdictStatus.degraded, "degraded"), (.unknown, "unknown"), (.unhealthy, "failing"),
        ] {
            let digest = try #require(digests([event("x", status)]).last)
            #expect(digest.kind == .failing)
            #expect(digest.kindWord == word)
            // Routes written before this distinction still hold.
            func filter(_ word: String) throws -> Filter {
                try Filter("kind=\(word)", .digests(groupBy: []))
            }
            #expect(try filter("failing").matches(digest))
            #expect(try filter("failing").covers(digest))
            #expect(try filter(word).matches(digest))
            #expect(try filter(word).covers(digest))
            #expect(try filter("degraded").matches(digest) == (word == "degraded"))
        }
    }
}
