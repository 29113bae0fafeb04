import JSON

/// The AnalysisTemplate that makes Argo Rollouts call this service, with its optional commands.
///
/// The values follow the behaviour of Argo Rollouts 1.9. Both conditions are given, so that a
/// result that meets neither is Inconclusive (a pause for a person) and never Successful.
/// `timeoutSeconds` exceeds the handler's budget. Arguments of the run are declared in the
/// template, or Argo refuses it. `jsonBody` values are strings. Argo refuses limits above
/// `count`, and a limit equal to `count` never stops a run.
public struct AnalysisTemplate: Sendable {
    /// What a `degraded` verdict does to the run.
    public enum Degraded: String, Sendable, CaseIterable {
        /// Inconclusive: the Rollout pauses for a person.
        case pause
        /// Successful: the Rollout continues; the digest still reports it.
        case pass

        /// The condition under which Argo counts a measurement as successful.
        var successCondition: String {
            switch self {
            case .pause: "result.status == \"healthy\""
            case .pass: "result.status == \"healthy\" || result.status == \"degraded\""
            }
        }
    }

    /// The Rollout's strategy, which decides where an analysis block belongs and whether the
    /// Rollout has a current step.
    public enum Strategy: String, Sendable, CaseIterable {
        case canary
        /// A canary without steps has no `status.currentStepIndex`: a reference to it means that
        /// Argo makes no AnalysisRun.
        case canaryWithoutSteps = "canary-without-steps"
        case bluegreen

        var hasSteps: Bool { self == .canary }
    }

    /// When the run measures.
    public enum Placement: String, Sendable, CaseIterable {
        /// During the steps (`canary.analysis`), or before promotion (`prePromotionAnalysis`).
        case background
        /// As one step of the canary, which waits for the run's end.
        case step
    }

    /// A gateway that Argo calls.
    public struct Gateway: Sendable, Hashable {
        /// The availability zone, part of the metric's name; empty for a single gateway.
        public var az: String
        /// `https://host:port` as the controller reaches it.
        public var url: String

        public init(az: String = "", url: String) {
            self.az = az
            self.url = url
        }
    }

    public struct Fault: Error, CustomStringConvertible, Sendable {
        public let description: String
    }

    public var name: String
    public var namespace: String
    public var rollout: String
    /// Each gateway has its own metrics and its own token: the canary must pass in every zone.
    public var gateways: [Gateway]
    /// One metric for each concern; if empty, one metric for the merged verdict.
    public var concerns: [String]
    public var degraded: Degraded
    /// The time between measurements, in Argo's notation: `30s`, `1m`.
    public var interval: String
    /// The number of measurements in one run.
    public var count: Int
    /// How many `unhealthy` verdicts the run tolerates.
    public var failureLimit: Int
    public var strategy: Strategy
    public var placement: Placement

    /// How many inconclusive measurements the run tolerates: always below `count`, since Argo
    /// ends a run that stays within its limits as Successful.
    public var inconclusiveLimit: Int { min(2, count - 1) }

    public init(
        name: String = "bellwether", namespace: String = "default", rollout: String = "my-rollout",
        gateways: [Gateway] = [Gateway(url: "https://bellwether.example:8443")],
        concerns: [String] = [],
        degraded: Degraded = .pause, interval: String = "30s", count: Int = 10,
        failureLimit: Int = 0, strategy: Strategy = .canary, placement: Placement = .background
    ) throws(Fault) {
        for (what, value) in [("--namespace", namespace), ("--rollout", rollout), ("--name", name)]
        {
            guard Self.isKubernetesName(value) else {
                throw Fault(
                    description:
                        "\(what): not a Kubernetes name (lower-case letters, digits, '-' and '.', at most 253)"
                )
            }
        }
        for concern in concerns where !Self.isKubernetesName(concern) {
            throw Fault(description: "--concern: lower-case letters, digits and '-' only")
        }
        guard !gateways.isEmpty, Set(gateways.map(\.az)).count == gateways.count else {
            throw Fault(description: "--gateway: give each zone once")
        }
        for gateway in gateways {
            guard gateway.az.isEmpty || Self.isKubernetesName(gateway.az) else {
                throw Fault(
                    description: "--gateway: a zone has lower-case letters, digits and '-' only")
            }
            guard gateway.url.hasPrefix("https://") || gateway.url.hasPrefix("http://"),
                gateway.url.utf8.allSatisfy({
                    $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C
                })
            else { throw Fault(description: "--url: must be an http:// or https:// address") }
        }
        let digits = interval.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, ["s", "m", "h"].contains(interval.dropFirst(digits.count)) else {
            throw Fault(description: "--interval takes whole seconds, minutes or hours: 30s, 1m")
        }
        guard count >= 3 else {
            throw Fault(
                description:
                    "--count \(count): with fewer than 3 measurements a run that can measure nothing may end Successful; use 3 or more"
            )
        }
        guard failureLimit >= 0 else {
            throw Fault(description: "--failure-limit must be at least 0")
        }
        guard failureLimit < count else {
            throw Fault(
                description:
                    "--failure-limit \(failureLimit) is not below --count \(count): a canary that is unhealthy to the end would be Successful"
            )
        }
        guard strategy == .canary || placement == .background else {
            throw Fault(
                description:
                    "--placement step needs --strategy canary: \(strategy.rawValue) has no steps")
        }
        self.name = name
        self.namespace = namespace
        self.rollout = rollout
        self.gateways = gateways.map { gateway in
            gateway.url.hasSuffix("/")
                ? Gateway(az: gateway.az, url: String(gateway.url.dropLast())) : gateway
        }
        self.concerns = concerns
        self.degraded = degraded
        self.interval = interval
        self.count = count
        self.failureLimit = failureLimit
        self.strategy = strategy
        self.placement = placement
    }

    static func isKubernetesName(_ text: String) -> Bool {
        let edge: (UInt8?) -> Bool = { byte in
            guard let byte else { return false }
            return (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
        }
        return text.utf8.count <= 253 && edge(text.utf8.first) && edge(text.utf8.last)
            && text.utf8.allSatisfy { edge($0) || $0 == 0x2D || $0 == 0x2E }
    }

    static let failureCondition = "result.status == \"unhealthy\""

    /// The name of the argument that holds a gateway's token.
    ///
    /// Tokens are per node: with several gateways each has its own.
    private func tokenArgument(_ gateway: Gateway) -> String {
        gateway.az.isEmpty ? "api-token" : "api-token-" + gateway.az
    }

    private func secretName(_ gateway: Gateway) -> String {
        gateway.az.isEmpty ? name + "-token" : name + "-token-" + gateway.az
    }

    /// The arguments that the Rollout passes, each with the source of its value.
    private var arguments: [(name: String, source: JSONValue)] {
        func field(_ path: String) -> JSONValue {
            .object([.init("fieldRef", .object([.init("fieldPath", .string(path))]))])
        }
        var arguments: [(name: String, source: JSONValue)] = [
            ("rollout", field("metadata.name")), ("namespace", field("metadata.namespace")),
            ("uid", field("metadata.uid")),
            ("revision", field("metadata.annotations['rollout.argoproj.io/revision']")),
            ("canary-hash", .object([.init("podTemplateHashValue", .string("Latest"))])),
            ("stable-hash", .object([.init("podTemplateHashValue", .string("Stable"))])),
        ]
        if strategy.hasSteps { arguments.append(("step", field("status.currentStepIndex"))) }
        return arguments
    }

    private func metrics(of gateway: Gateway) -> [String] {
        let suffix = gateway.az.isEmpty ? "" : "-" + gateway.az
        let address = gateway.url + "/rollouts/analysis"
        guard !concerns.isEmpty else {
            return [metric("verdict" + suffix, address, token: tokenArgument(gateway))]
        }
        return concerns.map {
            metric($0 + suffix, address + "/" + $0, token: tokenArgument(gateway))
        }
    }

    private func metric(_ name: String, _ url: String, token: String) -> String {
        let step = strategy.hasSteps ? "\n            step: \"{{args.step}}\"" : ""
        return """
                - name: \(name)
                  # The first measurement needs the requests of one interval.
                  initialDelay: \(interval)
                  interval: \(interval)
                  count: \(count)
                  failureLimit: \(failureLimit)
                  inconclusiveLimit: \(inconclusiveLimit)
                  consecutiveErrorLimit: 4
                  successCondition: '\(degraded.successCondition)'
                  failureCondition: '\(Self.failureCondition)'
                  provider:
                    web:
                      method: POST
                      url: "\(url)"
                      timeoutSeconds: 15
                      headers:
                        - key: Authorization
                          value: "Bearer {{args.\(token)}}"
                      jsonBody:
                        rollout: "{{args.rollout}}"
                        namespace: "{{args.namespace}}"
                        uid: "{{args.uid}}"
                        revision: "{{args.revision}}"
                        canaryHash: "{{args.canary-hash}}"
                        stableHash: "{{args.stable-hash}}"\(step)
                        metric: \(name)
                        count: "\(count)"
                        failureLimit: "\(failureLimit)"
                        inconclusiveLimit: "\(inconclusiveLimit)"
            """
    }

    /// The AnalysisTemplate alone: one YAML document that can be applied as it is.
    public var yaml: String {
        let tokens = gateways.map { gateway in
            """
                - name: \(tokenArgument(gateway))
                  valueFrom:
                    secretKeyRef:
                      name: \(secretName(gateway))
                      key: token
            """
        }
        return """
            # Needs Argo Rollouts 1.8.2 or later: before it, an Inconclusive background run promoted the canary.
            # The controller trusts the system's certificate authorities only: give the gateway a certificate
            # that they sign, or turn certificate checks off with `insecure: true` below `web:`.
            apiVersion: argoproj.io/v1alpha1
            kind: AnalysisTemplate
            metadata:
              name: \(name)
              namespace: \(namespace)
            spec:
              args:
            \(arguments.map { "    - name: \($0.name)" }.joined(separator: "\n"))
            \(tokens.joined(separator: "\n"))
              metrics:
            \(gateways.flatMap(metrics(of:)).joined(separator: "\n"))

            """
    }

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
                                strategy == .bluegreen ? "blueGreen" : "canary",
                                .object([.init(key, .object(members))]))
                        ]))
                ]))
        ])
        // Only the annotation's path contains single quotes, which the shell would interpret.
        let quoted = Self.text(patch).replacing("'", with: "'\\''")
        return """
            # Adds the analysis to the Rollout and leaves everything else as it is. An existing analysis
            # loses its own templates and args (look first: kubectl -n \(namespace) get rollout \(rollout) -o yaml):
            #   kubectl -n \(namespace) patch rollout \(rollout) --type merge --patch '\(quoted)'

            """
    }

    private static func text(_ value: JSONValue) -> String {
        var writer = JSONWriter()
        writer.value(value)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
