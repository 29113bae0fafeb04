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

        /// The statuses under which Argo counts a measurement as successful.
        fileprivate var passing: [String] {
            self == .pause ? ["healthy"] : ["healthy", "degraded"]
        }
    }

    /// What `result` is in the conditions, and what the AnalysisRun shows.
    public enum Value: String, Sendable, CaseIterable {
        /// The line for people: the dashboard and `kubectl` show it, and a measurement takes
        /// about 0.2 KB of the AnalysisRun.
        case summary
        /// The whole document: about 1 KB for each measurement, shown as JSON or as
        /// `[object Object]`.
        case document

        /// A condition that holds for the status and for nothing else: neither a text that only
        /// begins alike nor an answer of something in between.
        fileprivate func condition(_ status: String) -> String {
            switch self {
            case .summary: "result startsWith \"\(status):\""
            case .document: "result.status == \"\(status)\""
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

    /// One for each template of the namespace: applying a template replaces that of its name.
    public var name: String
    public var namespace: String
    public var rollout: String
    /// Each gateway has its own metrics and its own token: the canary must pass in every zone.
    public var gateways: [Gateway]
    /// One metric for each concern; if empty, one metric for the merged verdict.
    public var concerns: [String]
    public var degraded: Degraded
    public var value: Value
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
        degraded: Degraded = .pause, value: Value = .summary, interval: String = "30s",
        count: Int = 10,
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
            else {
                let option = gateway.az.isEmpty ? "--url" : "--gateway \(gateway.az)"
                throw Fault(description: "\(option): must be an http:// or https:// address")
            }
        }
        let digits = interval.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits), (1...100_000).contains(number),
            ["s", "m", "h"].contains(interval.dropFirst(digits.count))
        else {
            throw Fault(
                description:
                    "--interval takes whole seconds, minutes or hours, at least 1s: 30s, 1m")
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
        self.value = value
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

    /// Names that YAML 1.1 reads as something else than a text.
    private static let otherScalars: Set<String> = [
        "true", "false", "null", "yes", "no", "on", "off", "y", "n",
    ]

    /// A name as a text of YAML: `on`, `1e3` and `2026-11-30` need quotation marks.
    private static func scalar(_ name: String) -> String {
        otherScalars.contains(name) || name.first?.isNumber == true ? "\"\(name)\"" : name
    }

    /// The condition under which Argo counts a measurement as successful.
    var successCondition: String {
        degraded.passing.map(value.condition).joined(separator: " || ")
    }

    var failureCondition: String { value.condition("unhealthy") }

    /// The JSON path of `result`; nil for the whole document.
    var jsonPath: String? { value == .summary ? "{$.summary}" : nil }

    /// The name of the argument that holds a gateway's token.
    ///
    /// Tokens are per node: with several gateways each has its own.
    private func tokenArgument(_ gateway: Gateway) -> String {
        gateway.az.isEmpty ? "api-token" : "api-token-" + gateway.az
    }

    func secretName(_ gateway: Gateway) -> String {
        gateway.az.isEmpty ? name + "-token" : name + "-token-" + gateway.az
    }

    /// The arguments that the Rollout passes, each with the source of its value.
    var arguments: [(name: String, source: JSONValue)] {
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
        let path = jsonPath.map { "\n          jsonPath: \"\($0)\"" } ?? ""
        return """
                - name: \(Self.scalar(name))
                  # The first measurement needs the requests of one interval.
                  initialDelay: \(interval)
                  interval: \(interval)
                  count: \(count)
                  failureLimit: \(failureLimit)
                  inconclusiveLimit: \(inconclusiveLimit)
                  consecutiveErrorLimit: 4
                  successCondition: '\(successCondition)'
                  failureCondition: '\(failureCondition)'
                  provider:
                    web:
                      method: POST
                      url: "\(url)"
                      timeoutSeconds: 15\(path)
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
                        metric: \(Self.scalar(name))
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
              name: \(Self.scalar(name))
              namespace: \(Self.scalar(namespace))
            spec:
              args:
            \(arguments.map { "    - name: \($0.name)" }.joined(separator: "\n"))
            \(tokens.joined(separator: "\n"))
              metrics:
            \(gateways.flatMap(metrics(of:)).joined(separator: "\n"))

            """
    }
}
