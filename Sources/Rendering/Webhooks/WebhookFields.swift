import Events
import JSON

/// The values that the templates of a webhook may use: the digest's JSON, its texts, and the
/// receiver's variables.
struct WebhookFields {
    private let members: [JSONValue.Member]

    /// Names beside those of the digest's JSON.
    static let own: Set<String> = ["digest", "text", "subject", "mark", "receiver"]
    /// Every name that a template may use, at any depth, except those below `group` and `var`.
    static let known = own.union(DigestModel.names)

    /// Without any value, for parts without tags.
    init() { members = [] }

    /// - Parameters:
    ///   - variables: The values of `var.NAME`.
    ///   - mark: What the receiver returned for an earlier digest of the incident.
    init(
        _ digest: RenderedDigest, receiver: String, variables: [String: String] = [:],
        mark: String? = nil
    ) {
        let model =
            (try? JSONValue(parsing: Array(digest.model.utf8), limits: WebhookTemplate.limits))
            ?? .null
        var members: [JSONValue.Member] = [
            .init("digest", model), .init("text", .string(digest.text)),
            .init("subject", .string(digest.subject)), .init("receiver", .string(receiver)),
            .init("mark", mark.map { .string($0) } ?? .null),
            .init("var", .object(variables.map { .init($0.key, .string($0.value)) })),
        ]
        if case .object(let stored) = model {
            members += stored.filter { !Self.own.contains($0.key) && $0.key != "var" }
        }
        // Digests of earlier versions, and those about delivery itself, lack these.
        for (name, value) in Self.standard(digest)
        where !members.contains(where: { $0.key == name && $0.value != .null }) {
            members.removeAll { $0.key == name }
            members.append(.init(name, value))
        }
        self.members = members
    }

    func root(_ scope: WebhookScope) -> WebhookObject {
        WebhookObject(members: members, scope: scope, isRoot: true)
    }

    /// What a digest without these members gets: its subject for every short text.
    private static func standard(_ digest: RenderedDigest) -> [(String, JSONValue)] {
        let isOver = ["recovered", "ended", "receiver_recovered"].contains(digest.kind)
        let tone: DigestTone =
            switch digest.kind {
            case "recovered", "receiver_recovered": .good
            case "ended", "test": .over
            case "failing": .bad
            default: .warn
            }
        return [
            ("id", .string(digest.id)), ("thread", .string(digest.thread)),
            ("alert", .string(digest.thread)),
            ("title", .string(digest.subject)), ("headline", .string(digest.subject)),
            ("summary", .string(digest.subject)), ("state", .string(digest.kind)),
            ("kind", .string(digest.kind)), ("is_over", .bool(isOver)),
            ("is_critical", .bool(tone == .bad)),
            ("severity", .string(tone.severity)), ("color", .string(tone.color)),
            ("color_number", .number("\(tone.colorNumber)")), ("icon", .string("")),
            ("name", .string("bellwether")), ("composed", .string(digest.composedAt.rfc3339)),
            ("incident_start", .string(digest.composedAt.rfc3339)), ("group", .object([])),
            ("facts", .array([])), ("links", .array([])), ("buttons", .array([])),
            ("commands", .array([])),
            ("metric_lines", .array([])), ("changes", .array([])),
        ]
    }
}
