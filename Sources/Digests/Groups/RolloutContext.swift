import Events
import JSON

/// What the events of a group report about its rollout, beside the verdicts; the latest of each.
///
/// Read from the members `weight`, `step`, `image` (or `version`), `previous_image`, `owner` (or
/// `team`) and `on_call` of an event. All texts are untrusted and bounded.
public struct RolloutContext: Sendable, Hashable {
    /// The canary's share of the traffic in per cent; nil if no event reports one.
    public internal(set) var weight: Int?
    /// The index of the rollout's current step, from 0; nil if no event reports one.
    public internal(set) var step: Int?
    /// The image or version of the canary, and of its predecessor; empty if unknown.
    public internal(set) var image = ""
    public internal(set) var previousImage = ""
    /// Whether `image` is from a member `version`: a version and an image are not compared.
    private var isVersion = false
    public internal(set) var owner = ""
    public internal(set) var onCall = ""
    /// Why the controller ended or paused the run, in its own words; empty if it gave no reason.
    public internal(set) var reason = ""

    public init() {}

    /// Adds a line. Costs one search for each member, so healthy verdicts are not added.
    mutating func absorb(_ line: EventView, role: EventRole) {
        if line.hasExtras {
            if let weight = Self.number(line, "weight"), weight <= 100 { self.weight = weight }
            if let step = Self.number(line, "step") { self.step = step }
            noteImage(line)
            Self.note(line, "previous_image", in: &previousImage)
            Self.note(line, "team", in: &owner)
            Self.note(line, "owner", in: &owner)
            Self.note(line, "on_call", in: &onCall)
        }
        switch role {
        // The run continues: the reason was that of the pause.
        case .outcome("resumed"): reason = ""
        case .outcome: reason = line.name(.message, limit: Bounds.words)
        case .notice where Self.analysisEnds.contains(line.text(.event) ?? ""):
            reason = line.name(.message, limit: Bounds.words)
        default: break
        }
    }

    /// Keeps the image before, if another one is deployed within the group.
    private mutating func noteImage(_ line: EventView) {
        var new = ""
        Self.note(line, "image", in: &new)
        let isVersion = new.isEmpty
        if isVersion, image.isEmpty || self.isVersion { Self.note(line, "version", in: &new) }
        guard !new.isEmpty else { return }
        if !image.isEmpty, image != new, isVersion == self.isVersion { previousImage = image }
        (image, self.isVersion) = (new, isVersion)
    }

    /// Sets the predecessor to the image of the revision before, if no event names it.
    mutating func follow(_ before: RolloutContext, wasAborted: Bool) {
        guard previousImage.isEmpty else { return }
        // What was aborted was replaced by what was there before it.
        let old = wasAborted ? before.previousImage : before.image
        if old != image, before.isVersion == isVersion { previousImage = old }
    }

    private static let analysisEnds: Set<String> = [
        EventName.analysisRunFailed, EventName.analysisRunError,
        EventName.analysisRunInconclusive,
    ]

    private static func number(_ line: EventView, _ name: String) -> Int? {
        let number: Int64? =
            switch line.extra(name) {
            case .number(let text)?, .string(let text)?: Int64(text)
            default: nil
            }
        return number.flatMap { Count(exactly: $0)?.value }
    }

    private static func note(_ line: EventView, _ name: String, in text: inout String) {
        if let new = line.extra(name)?.string, !new.isEmpty {
            text = new.clipped(to: Bounds.name)
        }
    }

    // MARK: - Stored form

    var isEmpty: Bool { self == RolloutContext() }

    func write(to w: inout JSONWriter) {
        w.object { w in
            w.member("weight", weight)
            w.member("step", step)
            w.member("image", image)
            w.member("previous_image", previousImage)
            if isVersion { w.member("is_version", true) }
            w.member("owner", owner)
            w.member("on_call", onCall)
            w.member("reason", reason)
        }
    }

    init(tree: JSONValue) {
        weight = tree.whole("weight")
        step = tree.whole("step")
        image = tree["image"]?.string ?? ""
        previousImage = tree["previous_image"]?.string ?? ""
        isVersion = tree["is_version"]?.bool ?? false
        owner = tree["owner"]?.string ?? ""
        onCall = tree["on_call"]?.string ?? ""
        reason = tree["reason"]?.string ?? ""
    }
}
