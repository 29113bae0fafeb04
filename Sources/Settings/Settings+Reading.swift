import Core
import Events

extension Settings {
    init(reading r: MappingReader) {
        self.init(node: Settings.hostName())
        allowInlineSecrets = r.flag("allow_inline_secrets", false)
        r.context.allowsInlineSecrets = allowInlineSecrets
        let given = r.expanded("node", "")
        if !given.isEmpty { node = Self.placeName(given, "node", r) }
        az = Self.placeName(r.expanded("az", az), "az", r)
        roles = Self.roles(r)
        dataDirectory = r.line("data_dir", dataDirectory)
        if dataDirectory.isEmpty {
            r.fault("data_dir", "is empty", "name the folder for log and state, like ./data")
        }
        listen = Listen(reading: r.mapping("listen"))
        auth = Auth(reading: r.mapping("auth"))
        analysis = Analysis(reading: r.mapping("analysis"))
        policy = Policy(reading: r.mapping("policy"))
        forward = Forward(reading: r.mapping("forward"))
        log = Log(reading: r.mapping("log"))
        let hasBucket = r.has("bucket")
        let bucketReader = r.mapping("bucket")
        if hasBucket { bucket = Bucket(reading: bucketReader) }
        let hasPair = r.has("ha")
        let pairReader = r.mapping("ha")
        if hasPair { pair = Pair(reading: pairReader) }
        digest = Digest(reading: r.mapping("digest"))
        readReceivers(r)
        readSilences(r)
        telemetry = Telemetry(reading: r.mapping("telemetry"))
        checkRoles(r)
        r.finish()
    }

    private static func placeName(_ text: String, _ key: String, _ r: MappingReader) -> String {
        if text.isEmpty || text.utf8.count > 64 || !text.unicodeScalars.allSatisfy(isNodeScalar) {
            r.fault(
                key, "\(InertText.quoted(text)) is not a name",
                "use letters, digits, '.', '_' and '-', at most 64")
        }
        return text
    }

    private static func roles(_ r: MappingReader) -> [Role] {
        guard r.has("roles") else { return Role.allCases }
        let texts = r.texts("roles")
        let known = Role.allCases.map(\.rawValue)
        for (index, text) in texts.enumerated() {
            if !known.contains(text) {
                r.fault(
                    "roles[\(index)]", "\(InertText.quoted(text)) is not a role",
                    Suggestion.remedy(for: text, among: known))
            }
        }
        if texts.isEmpty, !r.context.hasFault(at: "roles") {
            r.fault(
                "roles", "the node would do nothing", "write [gateway, notifier], or one of them")
        }
        return Role.allCases.filter { texts.contains($0.rawValue) }
    }

    private mutating func readReceivers(_ r: MappingReader) {
        let given = r.mappings("receivers") ?? []
        if !given.isEmpty { receivers = given.compactMap(Receiver.init(reading:)) }
        var seen: Set<String> = []
        for (index, receiver) in receivers.enumerated() where !receiver.name.isEmpty {
            if !seen.insert(receiver.name).inserted {
                r.fault(
                    "receivers[\(index)].name",
                    "a second receiver named \(InertText.quoted(receiver.name))",
                    "give it another name")
            }
        }
        let all = receivers.map(\.name)
        // A receiver with an invalid kind was already reported, so routes may name it.
        let known = all + given.compactMap { $0.text("name") }.filter { !all.contains($0) }
        route = Route(
            reading: r.mapping("route"), inherited: all, known: known, fields: digestFields(r),
            isRoot: true)
        let reachable = route.reachable
        for (index, receiver) in receivers.enumerated() where !reachable.contains(receiver.name) {
            r.warn(
                "receivers[\(index)]", "no route leads to \(InertText.quoted(receiver.name))",
                "name it in route, or remove it")
        }
    }

    /// The fields that routes and silences may name.
    private func digestFields(_ r: MappingReader) -> FilterFields {
        let fields = FilterFields.digests(groupBy: digest.groupBy)
        return r.context.hasFault(within: "digest.group_by") ? fields.orAny : fields
    }

    private mutating func readSilences(_ r: MappingReader) {
        var seen: Set<String> = []
        for (index, reader) in (r.mappings("silences") ?? []).enumerated() {
            guard let silence = Silence(reading: reader, fields: digestFields(r)) else { continue }
            silences.append(silence)
            if !silence.id.isEmpty, !seen.insert(silence.id).inserted {
                r.fault(
                    "silences[\(index)].id",
                    "a second silence named \(InertText.quoted(silence.id))",
                    "give it another name")
            }
        }
    }

    private func checkRoles(_ r: MappingReader) {
        guard !r.context.hasFault(within: "roles") else { return }
        if !has(.notifier), forward.to.isEmpty, !r.context.hasFault(at: "forward.to") {
            r.fault(
                "forward.to", "a gateway that does not notify must forward its events",
                "name the notifier, https://host:8443, or add notifier to roles")
        }
        if pair != nil, !r.context.hasFault(within: "ha") {
            if bucket == nil, !r.context.hasFault(within: "bucket") {
                r.fault("ha", "needs a bucket", "add bucket, the same one on both nodes")
            } else if roles != [.notifier] {
                r.fault(
                    "ha", "is for notifiers alone",
                    "write roles: [notifier], and run gateways as nodes of their own")
            }
        }
        if has(.notifier), !forward.to.isEmpty {
            r.warn("forward.to", "never used by a node that notifies itself", "remove it")
        }
    }
}
