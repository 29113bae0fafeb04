import Core
import Digests
import Events

/// The headline of a message: one sentence on what happened.
struct Headline {
    let text: String

    init(_ digest: Digest, name: String) {
        if let storm = StormWords(digest) {
            text = storm.headline
            return
        }
        let flapping = digest.flaps.map { " (flapping: it began to fail \($0) times)" } ?? ""
        switch digest.kind {
        case .failing where digest.outcome == "paused":
            let still = digest.occasion == .repeated ? "still " : ""
            let last = (digest.status ?? .unknown).rawValue
            text = "\(name) canary \(still)paused for a decision (last verdict \(last))"
        case .failing:
            let still = digest.occasion == .repeated ? "still " : ""
            let doing =
                switch digest.status ?? .unhealthy {
                case .unhealthy: "failing"
                case .degraded: "degraded"
                case .unknown: "not measurable"
                case .healthy: "recovering"
                }
            let places = Self.places(digest.failingPlaces)
            if let fault = digest.nodeFault, fault.suppressed > 0 {
                let others = HumanNumber.count(fault.suppressed, "more group")
                text =
                    "\(InertText.visible(fault.node, limit: 63)) \(still)\(doing)\(places), "
                    + "measured for \(name) and \(others)"
            } else {
                let unmeasured =
                    digest.unmeasuredSince.map { ", no measurement since \($0.clockTime)" } ?? ""
                text = "\(name) canary \(still)\(doing)\(places)\(unmeasured)\(flapping)"
            }
        case .recovered:
            let end = digest.incidentEnd ?? digest.composedAt
            text =
                "\(name) canary recovered after \(HumanNumber.span(end - digest.incidentStart))"
                + flapping
        case .ended:
            let last = (digest.status ?? .unknown).rawValue
            switch digest.outcome {
            case let outcome?: text = "\(name) canary \(outcome) (last verdict \(last))"
            case nil:
                let since = digest.unmeasuredSince ?? digest.incidentEnd ?? digest.to
                text =
                    "\(name) canary: no measurement since \(since.clockTime) (last verdict \(last))"
            }
        case .notice:
            let others = digest.notices.count - 1
            text =
                "\(name): \(digest.notices.first.map { NoticeWords($0, digest).short } ?? "notice")"
                + (others > 0 ? " and \(HumanNumber.count(others, "other kind"))" : "")
        case .rollup:
            let kinds = digest.rollup?.kinds ?? []
            let counts = kinds.map {
                HumanNumber.count($0.groups, $0.kind.rawValue, $0.kind.rawValue)
            }
            text =
                kinds.count == 1
                ? "\(name) "
                    + (digest.outcome
                        ?? (kinds[0].kind == .notice ? "with notices" : kinds[0].kind.rawValue))
                : "\(name): \(counts.joined(separator: ", "))"
        }
    }

    /// ` in 2 AZs`, ` in eu-west-1a`, ` on gw-1`.
    private static func places(_ failing: [Source]) -> String {
        let zones = Set(failing.map { $0.az.isEmpty ? $0.node : $0.az })
        guard let first = failing.first else { return "" }
        if zones.count == 1 {
            return (first.az.isEmpty ? " on " : " in ") + PlainWords.place(first.az, first.node)
        }
        return " in \(zones.count) " + (failing.contains { $0.az.isEmpty } ? "places" : "AZs")
    }
}

/// The name of a group in messages: `payments-api (prod, revision 17)`.
struct GroupWords {
    /// The rollout, or the values of the group's fields if it has none.
    let name: String
    /// The other fields: `prod, revision 17`; empty without a rollout.
    let scope: String

    /// `prod/payments-api`.
    let short: String

    var text: String { scope.isEmpty ? name : "\(name) (\(scope))" }

    init(_ group: GroupKey) {
        func shown(_ value: String) -> String { InertText.visible(value, limit: 63) }
        guard let rollout = group["rollout"] else {
            let values = group.fields.map { shown($0.value) }
            name = values.isEmpty ? "bellwether" : values.joined(separator: " ")
            short = name
            scope = ""
            return
        }
        name = shown(rollout)
        short = group["namespace"].map { shown($0) + "/" + shown(rollout) } ?? shown(rollout)
        scope = group.fields.filter { $0.name != "rollout" }.map { field in
            field.name == "namespace"
                ? shown(field.value)
                : "\(InertText.visible(field.name, limit: 40)) \(shown(field.value))"
        }.joined(separator: ", ")
    }
}
