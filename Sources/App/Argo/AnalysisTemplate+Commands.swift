import Core
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
                #   token=$(bellwether token create --name argo --scope analysis) && printf %s "$token" |
                #     kubectl -n \(namespace) create secret generic \(secretName(gateway)) --from-file=token=/dev/stdin

                """
        }
        return """
            # The token goes into the Secret without a newline: with one, the header is invalid and nothing
            # reaches the gateway. Without the Secret, Argo ends each run with an error at once.
            \(commands.joined())
            """
    }

    /// The commands that add the analysis to an existing Rollout, as YAML comments: one for a
    /// Rollout without an analysis, one that appends to the analysis that it has.
    ///
    /// Never an object: applying a partial Rollout removes the replicas, selector, template and
    /// steps of the existing one (three-way merge).
    public var rolloutComments: String {
        let ours = JSONValue.object([.init("templateName", .string(name))])
        let values = arguments.map {
            JSONValue.object([.init("name", .string($0.name)), .init("valueFrom", $0.source)])
        }
        let block = JSONValue.object([
            .init("templates", .array([ours])), .init("args", .array(values)),
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
        let place = "/spec/strategy/\(strategyKey)/\(key)"
        let additions = JSONValue.array(
            [Self.addition(of: ours, to: place + "/templates/-")]
                + values.map { Self.addition(of: $0, to: place + "/args/-") })
        return """
            # Adds the analysis to the Rollout, whose strategy must be \(strategyKey) (--strategy), and leaves
            # everything else as it is. Look first whether it has \(place.dropFirst().replacing("/", with: ".")):
            #   kubectl -n \(namespace) get rollout \(rollout) -o yaml
            # If it does not:
            #   kubectl -n \(namespace) patch rollout \(rollout) --type merge --patch \(Self.shellWord(patch))
            # If it does (the merge would replace its templates, args and startingStep), append to them.
            # startingStep and dryRun stay as they are: a dryRun rule that matches a metric of this template
            # would ignore its verdicts. Leave out each argument that it passes already; without any, begin
            # the list with \(Self.text(Self.addition(of: .array([]), to: place + "/args"))):
            #   kubectl -n \(namespace) patch rollout \(rollout) --type json --patch \(Self.shellWord(additions))

            """
    }

    /// An operation of a JSON patch (RFC 6902); a path that ends with `/-` appends to a list.
    private static func addition(of value: JSONValue, to path: String) -> JSONValue {
        .object([.init("op", .string("add")), .init("path", .string(path)), .init("value", value)])
    }

    private static func shellWord(_ value: JSONValue) -> String {
        InertText.shellWord(text(value))
    }

    private var strategyKey: String { strategy == .bluegreen ? "blueGreen" : "canary" }

    private static func text(_ value: JSONValue) -> String {
        var writer = JSONWriter()
        writer.value(value)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
