/// The Kubernetes objects that make Argo Rollouts ask this service, written so
/// that Argo's own rules judge our answers rightly.
///
/// Facts behind the choices, from Argo Rollouts 1.9: both conditions are given
/// so that neither being true is Inconclusive (a pause for a person), never a
/// silent success; `timeoutSeconds` exceeds the handler's budget; arguments of
/// the run are declared in the template or Argo refuses it; `jsonBody` values
/// are strings.
public struct AnalysisTemplate: Sendable {
    /// What a `degraded` verdict does to the run.
    public enum Degraded: String, Sendable, CaseIterable {
        /// Inconclusive: the Rollout pauses for a person.
        case pause
        /// Successful: the Rollout goes on; the digest still tells.
        case pass

        /// The condition under which Argo counts a measurement as successful.
        var successCondition: String {
            switch self {
            case .pause: "result.status == \"healthy\""
            case .pass: "result.status == \"healthy\" || result.status == \"degraded\""
            }
        }
    }

    /// One gateway to be asked.
    public struct Gateway: Sendable, Hashable {
        /// Its availability zone, part of the metric's name; empty where there is one only.
        public var az: String
        /// `https://host:port`, as the controller reaches it.
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
    /// Each is asked by metrics of its own: every zone must find the canary good.
    public var gateways: [Gateway]
    /// A metric each; none asks for the merged verdict.
    public var concerns: [String]
    public var degraded: Degraded
    /// Between measurements, as Argo writes durations: `30s`, `1m`.
    public var interval: String
    /// Measurements in one run.
    public var count: Int
    /// How many `unhealthy` verdicts the run forgives.
    public var failureLimit: Int

    public init(
        name: String = "bellwether", namespace: String = "default", rollout: String = "my-rollout",
        gateways: [Gateway] = [Gateway(url: "https://bellwether.example:8443")],
        concerns: [String] = [],
        degraded: Degraded = .pause, interval: String = "30s", count: Int = 10,
        failureLimit: Int = 0
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
            throw Fault(description: "--gateway: each zone once")
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
        guard count > 0, failureLimit >= 0 else {
            throw Fault(description: "--count must be at least 1 and --failure-limit at least 0")
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

    /// Name and address of each metric, zone by zone.
    private var metrics: [(name: String, url: String)] {
        gateways.flatMap { gateway in
            let suffix = gateway.az.isEmpty ? "" : "-" + gateway.az
            return concerns.isEmpty
                ? [("verdict" + suffix, gateway.url + "/rollouts/analysis")]
                : concerns.map { ($0 + suffix, gateway.url + "/rollouts/analysis/" + $0) }
        }
    }

    private func metric(_ name: String, _ url: String) -> String {
        """
            - name: \(name)
              interval: \(interval)
              count: \(count)
              failureLimit: \(failureLimit)
              inconclusiveLimit: 2
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
                      value: "Bearer {{args.api-token}}"
                  jsonBody:
                    rollout: "{{args.rollout}}"
                    namespace: "{{args.namespace}}"
                    uid: "{{args.uid}}"
                    revision: "{{args.revision}}"
                    canaryHash: "{{args.canary-hash}}"
                    step: "{{args.step}}"
                    metric: \(name)
                    count: "\(count)"
                    failureLimit: "\(failureLimit)"
        """
    }

    /// The AnalysisTemplate, a Secret to fill in, and the Rollout's analysis
    /// block, as one YAML stream; the block is a comment-headed document of its own.
    public var yaml: String {
        """
        # Needs Argo Rollouts 1.8.2 or later: before it, an Inconclusive background run promoted the canary.
        # The controller trusts the system's certificate authorities only: give the gateway a certificate
        # that they sign, or set `insecure: true` below `web:` and know what that means.
        apiVersion: argoproj.io/v1alpha1
        kind: AnalysisTemplate
        metadata:
          name: \(name)
          namespace: \(namespace)
        spec:
          args:
            - name: rollout
            - name: namespace
            - name: uid
            - name: revision
            - name: canary-hash
            - name: step
            - name: api-token
              valueFrom:
                secretKeyRef:
                  name: \(name)-token
                  key: token
          metrics:
        \(metrics.map { metric($0.name, $0.url) }.joined(separator: "\n"))
        ---
        # A newline at the end of the token makes the header invalid and nothing reaches the gateway:
        #   bellwether token create --name argo --scope analysis | tr -d '\\n' |
        #     kubectl -n \(namespace) create secret generic \(name)-token --from-file=token=/dev/stdin
        apiVersion: v1
        kind: Secret
        metadata:
          name: \(name)-token
          namespace: \(namespace)
        type: Opaque
        stringData:
          token: "REPLACE-WITH-A-TOKEN"
        ---
        # Merge this into the Rollout; the steps are yours.
        apiVersion: argoproj.io/v1alpha1
        kind: Rollout
        metadata:
          name: \(rollout)
          namespace: \(namespace)
        spec:
          strategy:
            canary:
              analysis:
                startingStep: 1
                templates:
                  - templateName: \(name)
                args:
                  - name: rollout
                    valueFrom:
                      fieldRef:
                        fieldPath: metadata.name
                  - name: namespace
                    valueFrom:
                      fieldRef:
                        fieldPath: metadata.namespace
                  - name: uid
                    valueFrom:
                      fieldRef:
                        fieldPath: metadata.uid
                  - name: revision
                    valueFrom:
                      fieldRef:
                        fieldPath: metadata.annotations['rollout.argoproj.io/revision']
                  - name: canary-hash
                    valueFrom:
                      podTemplateHashValue: Latest
                  - name: step
                    valueFrom:
                      fieldRef:
                        fieldPath: status.currentStepIndex

        """
    }
}
