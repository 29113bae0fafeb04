import Core
import Digests
import Events

/// The texts of a digest that are the same in every form of its message. They are made once.
struct DigestWords {
    let digest: Digest
    let options: RenderOptions
    let state: DigestState
    /// `FAILING`; `TEST: FAILING` for a sample.
    let stateLabel: String
    /// The subject's name, with a prefix for a rehearsal or a sample.
    let name: String
    /// `prod, revision 17`; empty for a roll-up.
    let scope: String
    let headline: String
    let facts: DigestFacts
    let links: DigestLinks
    let steps: NextSteps
    let advice: String?
    /// One line for each metric, with its strongest reason and its worst place; as many as a mail
    /// shows.
    let metrics: [MetricWords]

    init(_ digest: Digest, _ options: RenderOptions) {
        self.digest = digest
        self.options = options
        state = DigestState(digest)
        stateLabel = "\(digest.isTest ? "TEST: " : "")\(state.label)"
        let group = GroupWords(digest.group)
        let prefix = "\(digest.isTest ? "Test: " : "")\(digest.isRehearsal ? "Rehearsal: " : "")"
        name = "\(prefix)\(Self.subjectName(digest, group))"
        scope = digest.rollup == nil ? group.scope : ""
        headline = Headline(digest, name: name).text
        facts = DigestFacts(digest, options)
        links = DigestLinks(digest, options)
        steps = NextSteps(for: digest)
        advice = Advice.text(digest, steps)
        metrics = digest.metrics.prefix(ViewLimits.mail.items).map { track in
            MetricWords(
                track, in: digest.places.first { $0.metrics.contains(track) },
                reason: digest.reasons.first { $0.reason.check == track.metric }?.reason,
                isOver: digest.incidentEnd != nil)
        }
    }

    /// The number of groups for a roll-up, else the rollout, else the group's other fields.
    private static func subjectName(_ digest: Digest, _ group: GroupWords) -> String {
        if let storm = StormWords(digest) { return storm.subject }
        guard let rollup = digest.rollup else { return group.name }
        return rollup.areCanaries
            ? HumanNumber.count(rollup.groups, "canary", "canaries")
            : HumanNumber.count(rollup.groups, "group")
    }

    /// `[FAILING] payments-api (prod, revision 17)`.
    var title: String { "[\(stateLabel)] \(name)" + (scope.isEmpty ? "" : " (\(scope))") }
}
