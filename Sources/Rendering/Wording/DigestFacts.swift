import Core
import Digests
import Events

/// Short facts about a rollout: its owner, its traffic, its image. Texts are inert.
struct DigestFacts {
    struct Fact {
        let name: String
        let value: String
    }

    var facts: [Fact] = []
    /// Why the controller ended the run, in its own words; nil if it gave no reason.
    var reason: String?

    init(_ digest: Digest, _ options: RenderOptions) {
        let context = digest.context
        let rule = options.owners.first { $0.holds(for: digest.group) }
        add("Owner", [context.owner, rule?.owner ?? ""].first { !$0.isEmpty })
        add("On call", [context.onCall, rule?.onCall ?? ""].first { !$0.isEmpty })
        let step = context.step.map { "step \($0)" }
        let traffic = context.weight.map { "\($0) % on the canary" }
        let share = [traffic, step].compactMap(\.self).joined(separator: ", ")
        // The abort took the traffic back, unless its event says what it is now.
        let isPast = digest.kind == .ended && digest.outcome == "aborted" && context.weight != 0
        add("Traffic", isPast && !share.isEmpty ? "until then \(share)" : share)
        if !context.image.isEmpty {
            let before =
                context.previousImage.isEmpty || context.previousImage == context.image
                ? "" : " (before: \(InertText.visible(context.previousImage, limit: 120)))"
            add("Image", "\(InertText.visible(context.image, limit: 120))\(before)")
        }
        add(
            "Note",
            digest.aloneSince.map {
                "the bucket has not answered since \($0.clockTime); this may be sent twice"
            })
        // The message of the event contains the reason; an event without one has only the reason.
        let given = context.reason.isEmpty ? digest.outcomeReason ?? "" : context.reason
        let words = InertText.visible(given, limit: 300)
        if !words.isEmpty { reason = words.description }
    }

    private mutating func add(_ name: String, _ value: String?) {
        guard let value, !value.isEmpty else { return }
        facts.append(Fact(name: name, value: InertText.visible(value, limit: 260)))
    }

    /// `owner payments · on call alice · 20 % on the canary, step 3`.
    var line: String {
        facts.map { fact in
            ["Traffic", "Note"].contains(fact.name)
                ? fact.value : "\(fact.name.lowercased()) \(fact.value)"
        }
        .joined(separator: " · ")
    }
}

/// The links of a message, each an address that is safe in every markup.
struct DigestLinks {
    struct Link {
        let name: String
        let url: String
    }

    /// The most links of a card: Microsoft Teams refuses an Adaptive Card with more actions.
    static let buttons = 6

    var links: [Link] = []

    init(_ digest: Digest, _ options: RenderOptions) {
        func field(_ name: String) -> String? {
            switch name {
            case "incident": digest.thread
            case "digest": digest.id
            case "az": digest.failingPlaces.first?.az
            case "node": digest.failingPlaces.first?.node
            case "from_ms": "\(digest.incidentStart.milliseconds)"
            case "to_ms": "\((digest.incidentEnd ?? digest.composedAt).milliseconds)"
            default: digest.group[name]
            }
        }
        func add(_ name: String, _ template: String?) {
            if let url = RenderOptions.link(template, fields: field) {
                links.append(Link(name: name, url: url))
            }
        }
        let isRollout = digest.group["rollout"] != nil
        if isRollout { add("Rollout", options.rolloutURL) }
        let page = options.statusURL.map { $0.hasSuffix("/") ? $0 : $0 + "/" }
        if let page, let attempt = NextSteps.attempt(of: digest) {
            add("Attempt", page + "attempts/" + PercentCoding.encode(attempt, keeping: "-."))
        }
        if isRollout { add("Runbook", options.runbookURL) }
        if let page, digest.incidentEnd == nil, !digest.isTest {
            links += Self.forms(on: page, digest)
        }
        for link in options.links where link.isForEveryGroup || isRollout {
            add(InertText.visible(link.name, limit: 40), link.url)
        }
        if let page, !digest.isTest {
            add("Digest", page + "digests/" + PercentCoding.encode(digest.id, keeping: "-."))
        }
        add("Status page", options.statusURL)
    }

    /// The forms of the status page that a person may need next.
    private static func forms(on page: String, _ digest: Digest) -> [Link] {
        var links: [Link] = []
        func add(_ name: String, _ address: String) {
            if let url = RenderOptions.link(address, fields: { _ in nil }) {
                links.append(Link(name: name, url: url))
            }
        }
        let isIncident = digest.rollup == nil || digest.rollup?.storm != nil
        if isIncident, digest.acknowledgement == nil {
            add(
                "Acknowledge",
                page + "incidents/" + PercentCoding.encode(digest.thread, keeping: "-.")
                    + "/acknowledge")
        }
        let filter = digest.group.silenceFilter
        if !filter.isAll {
            add(
                "Silence",
                page + "silences/new?filter="
                    + PercentCoding.encode(filter.description, keeping: "-."))
        }
        return links
    }

    func url(_ name: String) -> String? { links.first { $0.name == name }?.url }
}
