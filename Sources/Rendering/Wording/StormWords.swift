import Core
import Digests
import Events

/// The texts for groups that fail together.
struct StormWords {
    /// What happened, with the counts: `60 rollouts failing in eu-west-1b, all on gw-b1`.
    let headline: String
    /// Does not change within the incident: `rollouts in eu-west-1b, all on gw-b1`.
    let subject: String

    /// Nil for a digest that is not about a storm.
    init?(_ digest: Digest) {
        guard let rollup = digest.rollup, let storm = rollup.storm else { return nil }
        let noun = rollup.areCanaries ? "rollout" : "group"
        let place = Self.place(storm.shared)
        subject = "\(noun)s\(place)"
        // Groups that end because nobody measures them count as ended.
        let silent = digest.kind == .ended && digest.unmeasuredSince != nil ? rollup.groups : 0
        let which = silent > 0 && silent < storm.joined ? " of \(silent)" : ""
        let unmeasured = [digest.unmeasuredSince].compactMap(\.self).map {
            "no measurement\(which) since \($0.clockTime)"
        }
        let rest = [
            (storm.recovered, "recovered"), (storm.aborted, "aborted"),
            (storm.ended - silent, "ended"),
            (storm.left, "failing otherwise"), (storm.paused, "paused for a decision"),
            (digest.kind == .ended ? 0 : storm.atLimit, "at a limit"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        let since = "since \(digest.incidentStart.clockTime)"
        switch digest.kind {
        case .recovered:
            let all = HumanNumber.count(storm.joined, noun)
            let end = digest.incidentEnd ?? digest.composedAt
            headline =
                "\(all) recovered\(place) after \(HumanNumber.span(end - digest.incidentStart))"
        case .ended:
            let all = HumanNumber.count(storm.joined, noun)
            headline = "\(all)\(place), \(since): \((rest + unmeasured).joined(separator: ", "))"
        default:
            let still = digest.occasion == .repeated ? "still " : ""
            let doing = PlainWords.doing(digest.status ?? .unhealthy)
            headline =
                "\(HumanNumber.count(rollup.groups, noun)) \(still)\(doing)\(place), \(since)"
                + unmeasured.map { ", \($0)" }.joined()
                + (rest.isEmpty ? "" : " (\(rest.joined(separator: ", ")))")
        }
    }

    /// ` in eu-west-1b, all on gw-b1`.
    private static func place(_ shared: [SharedTrait]) -> String {
        func value(_ kind: SharedTrait.Kind) -> String? {
            shared.first { $0.kind == kind }.map { InertText.visible($0.value, limit: 63) }
        }
        var place = value(.az).map { " in \($0)" } ?? ""
        if let node = value(.node) { place += "\(place.isEmpty ? "" : ", all") on \(node)" }
        guard place.isEmpty, let first = shared.first else { return place }
        return switch first.kind {
        case .check: ", all by \(PlainWords.metric(first.value))"
        case .policy: ", all judged by policy \(PlainWords.version(first.value))"
        case .binary: ", all measured by binary \(PlainWords.version(first.value))"
        case .az, .node: ""
        }
    }
}
