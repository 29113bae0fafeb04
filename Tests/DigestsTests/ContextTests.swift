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

    /// An event of the controller about one revision, as the shipped hooks record it.
    private func progress(
        _ name: String, _ revision: String?, at seconds: Int, _ extra: [JSONValue.Member] = []
    ) -> Event {
        Event(
            ts: Self.start + .seconds(seconds), event: name, namespace: "prod", rollout: "shop",
            revision: revision, extra: extra)
    }

    @Test("facts of a rollout that goes on as planned are in the first message of its failure")
    func planned() throws {
        let updated = progress(
            "rollout.updated", "2", at: 0,
            [.init("image", .string("shop:2")), .init("owner", .string("shopping"))])
        let paused = progress("rollout.step_paused", nil, at: 1, [.init("weight", .number("20"))])
        #expect(digests([updated, paused]).isEmpty)
        let digest = try #require(
            digests([updated, paused, event("analysis.unhealthy", .unhealthy, at: 2)]).last)
        #expect(digest.occasion == .first)
        #expect(digest.context.image == "shop:2")
        #expect(digest.context.owner == "shopping")
        #expect(digest.context.weight == 20)
        // No group of its own for an event that names no revision.
        #expect(digests([paused, event("analysis.unhealthy", .unhealthy, at: 2)]).count == 1)
    }

    @Test("the image before is the one it replaced, within the revision and from the one before")
    func predecessor() throws {
        func image(_ name: String, _ revision: String, at seconds: Int) -> Event {
            progress("rollout.updated", revision, at: seconds, [.init("image", .string(name))])
        }
        let fails = event("analysis.unhealthy", .unhealthy, at: 9)
        func previous(_ events: [Event]) throws -> String {
            let all = digests(events + [fails], restarting: true)
            return try #require(all.first { $0.group["revision"] == "2" }).context.previousImage
        }
        #expect(
            try previous([image("shop:1", "1", at: 0), image("shop:2", "2", at: 1)]) == "shop:1")
        #expect(
            try previous([image("shop:2", "2", at: 0), image("shop:2a", "2", at: 1)]) == "shop:2")
        #expect(try previous([image("shop:3", "3", at: 0), image("shop:2", "2", at: 1)]) == "")
        // An aborted revision was replaced by the one before it, unless it was completed later.
        var aborted = [
            image("shop:0", "0", at: 0), image("shop:1", "1", at: 1),
            progress("rollout.aborted", "1", at: 2),
        ]
        #expect(try previous(aborted + [image("shop:2", "2", at: 3)]) == "shop:0")
        aborted[2] = progress("rollout.completed", "1", at: 2)
        #expect(try previous(aborted + [image("shop:2", "2", at: 3)]) == "shop:1")
    }

    @Test("a version stands for an image that nobody names, and is compared with versions only")
    func versions() throws {
        func context(_ members: (String, String)...) throws -> RolloutContext {
            let events = members.enumerated().map { index, member in
                event(
                    "analysis.unhealthy", .unhealthy, at: index,
                    extra: [.init(member.0, .string(member.1))])
            }
            return try #require(digests(events, restarting: true).last).context
        }
        let versions = try context(("version", "1.8"), ("version", "1.9"))
        #expect(versions.image == "1.9" && versions.previousImage == "1.8")
        let image = try context(("version", "1.9"), ("image", "shop:1.9"), ("version", "1.9"))
        #expect(image.image == "shop:1.9" && image.previousImage == "")
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
