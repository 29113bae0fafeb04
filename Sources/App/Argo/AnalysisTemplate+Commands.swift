import JSON

/// The commands that wire a template, as YAML comments.
///
/// Never objects: what is printed may be applied as it is, and nothing that exists is overwritten.
extension AnalysisTemplate {
    /// The commands that create the Secret of each gateway's token, as YAML comments.
    ///
    /// Never an object: applying a Secret with a placeholder would overwrite an existing token,
    /// and each measurement would be refused.
    public var secretComments: String {
        let commands = gateways.map { gateway in
            let node = gateway.az.isEmpty ? "the gateway" : "the gateway of \(gateway.az)"
            return """
                # On \(node):
                #   bellwether token create --name argo --scope analysis | tr -d '\\n' |
                #     kubectl -n \(namespace) create secret generic \(secretName(gateway)) --from-file=token=/dev/stdin

                """
        }
        return """
            # The token goes into the Secret without a newline: with one, the header is invalid and nothing
            # reaches the gateway. Without the Secret, Argo ends each run with an error at once.
            \(commands.joined())
            """
    }

    /// The command that adds the analysis to an existing Rollout, as YAML comments.
    ///
    /// Never an object: applying a partial Rollout removes the replicas, selector, template and
    /// steps of the existing one (three-way merge).
    public var rolloutComments: String {
        let block = JSONValue.object([
            .init("templates", .array([.object([.init("templateName", .string(name))])])),
            .init(
                "args",
                .array(
                    arguments.map {
                        .object([
                            .init("name", .string($0.name)), .init("valueFrom", $0.source),
                        ])
                    })),
        ])
        guard placement == .background else {
            return """
                # Add this step where the canary should wait for the verdict (a patch would replace all steps):
                #   kubectl -n \(namespace) edit rollout \(rollout)
                #     - analysis: \(Self.text(block))

                """
        }
        let key = strategy == .bluegreen ? "prePromotionAnalysis" : "analysis"
        var members: [JSONValue.Member] = []
        if strategy == .canary { members.append(.init("startingStep", .number("1"))) }
        if case .object(let rest) = block { members += rest }
        let patch = JSONValue.object([
            .init(
                "spec",
                .object([
                    .init(
                        "strategy",
                        .object([
                            .init(
                                strategyKey,
                                .object([.init(key, .object(members))]))
                        ]))
                ]))
        ])
        // Only the annotation's path contains single quotes, which the shell would interpret.
        let quoted = Self.text(patch).replacing("'", with: "'\\''")
        return """
            # Adds the analysis to the Rollout, whose strategy must be \(strategyKey) (--strategy), and leaves
            # everything else as it is. An existing analysis loses its own templates and args
            # (look first: kubectl -n \(namespace) get rollout \(rollout) -o yaml):
            #   kubectl -n \(namespace) patch rollout \(rollout) --type merge --patch '\(quoted)'

            """
    }

    private var strategyKey: String { strategy == .bluegreen ? "blueGreen" : "canary" }

    private static func text(_ value: JSONValue) -> String {
        var writer = JSONWriter()
        writer.value(value)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
