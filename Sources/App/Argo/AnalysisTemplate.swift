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
    }

    public struct Fault: Error, CustomStringConvertible, Sendable {
        public let description: String
    }

    public var name: String
    public var namespace: String
    public var rollout: String
    /// The gateway's address, `https://host:port`, as the controller reaches it.
    public var url: String
    public var concern: String?
    public var degraded: Degraded
    /// Between measurements, as Argo writes durations: `30s`, `1m`.
    public var interval: String
    /// Measurements in one run.
    public var count: Int
    /// How many `unhealthy` verdicts the run forgives.
    public var failureLimit: Int

    public init(
        name: String = "bellwether", namespace: String = "default", rollout: String = "my-rollout",
        url: String = "https://bellwether.example:8443", concern: String? = nil,
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
        if let concern, !Self.isKubernetesName(concern) {
            throw Fault(description: "--concern: lower-case letters, digits and '-' only")
        }
        guard url.hasPrefix("https://") || url.hasPrefix("http://"),
            url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C })
        else { throw Fault(description: "--url: must be an http:// or https:// address") }
        guard count > 0, failureLimit >= 0 else {
            throw Fault(description: "--count must be at least 1 and --failure-limit at least 0")
        }
        self.name = name
        self.namespace = namespace
        self.rollout = rollout
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.concern = concern
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

    /// The condition under which Argo counts a measurement as successful.
    public var successCondition: String {
        switch degraded {
        case .pause: "result.status == \"healthy\""
        case .pass: "result.status == \"healthy\" || result.status == \"degraded\""
        }
    }

    public var failureCondition: String { "result.status == \"unhealthy\"" }

    private var path: String { concern.map { "/rollouts/analysis/\($0)" } ?? "/rollouts/analysis" }

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
            - name: verdict
              interval: \(interval)
              count: \(count)
              failureLimit: \(failureLimit)
              inconclusiveLimit: 2
              consecutiveErrorLimit: 4
              successCondition: '\(successCondition)'
              failureCondition: '\(failureCondition)'
              provider:
                web:
                  method: POST
                  url: "\(url)\(path)"
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
                    metric: verdict
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
