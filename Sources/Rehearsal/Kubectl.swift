import Events
import JSON

/// Accesses the cluster with the `kubectl` on PATH and its current context.
struct Kubectl: Sendable {
    private let tool: Tool

    init() throws(RehearsalFault) {
        guard let tool = Tool(onPath: "kubectl") else {
            throw RehearsalFault(
                .precondition, "kubectl is not on PATH; install it, or rehearse without --rollout")
        }
        self.tool = tool
    }

    /// Reads a Rollout and the available pods of its stable replica set.
    ///
    /// - Parameter argo: The controller's version; nil: it is read from the cluster.
    func facts(
        namespace: String, rollout: String, argo: String?
    ) async throws(RehearsalFault) -> RolloutFacts {
        let tree = try await json(
            ["--namespace", namespace, "get", "rollouts.argoproj.io", rollout])
        let status = tree["status"]
        let text = { (value: JSONValue?) in value?.string ?? "" }
        let stable = text(status?["stableRS"])
        var pods = 0
        if !stable.isEmpty {
            let sets = try await json(
                [
                    "--namespace", namespace, "get", "replicasets",
                    "--selector=rollouts-pod-template-hash=\(stable)",
                ])
            pods = sets.items.reduce(0) {
                $0 +| Int(clamping: $1["status"]?["availableReplicas"]?.integer ?? 0)
            }
        }
        let version: String
        if let argo { version = argo } else { version = await argoVersion() }
        return RolloutFacts(
            namespace: namespace, name: rollout, uid: text(tree["metadata"]?["uid"]),
            revision: text(
                tree["metadata"]?["annotations"]?["rollout.argoproj.io/revision"]),
            stableHash: stable, canaryHash: text(status?["currentPodHash"]),
            step: status?["currentStepIndex"]?.integer.flatMap { Int(exactly: $0) },
            phase: text(status?["phase"]), isAborted: status?["abort"]?.bool ?? false,
            stablePods: pods, argo: version)
    }

    /// Runs a command of `RolloutFacts`, whose first word is `kubectl`.
    func run(_ command: [String]) async throws(RehearsalFault) {
        _ = try await tool.run(Array(command.dropFirst()))
    }

    /// Returns the version from the controller's image tag; empty when it cannot be read.
    private func argoVersion() async -> String {
        let found = try? await json(
            [
                "get", "deployments", "--all-namespaces",
                "--selector=app.kubernetes.io/name=argo-rollouts",
            ])
        for deployment in found?.items ?? [] {
            let containers = deployment.resolve(pointer: "/spec/template/spec/containers")
            guard case .array(let list)? = containers else { continue }
            for container in list {
                let image = container["image"]?.string ?? ""
                guard image.contains("argo-rollouts"), let colon = image.lastIndex(of: ":") else {
                    continue
                }
                // A tag may be followed by a digest: name:v1.9.1@sha256:…
                let tag = image.split(separator: "@")[0].split(separator: ":").last ?? ""
                return tag.isEmpty
                    ? String(image[colon...].dropFirst())
                    : String(tag.hasPrefix("v") ? tag.dropFirst() : tag)
            }
        }
        return ""
    }

    private func json(_ arguments: [String]) async throws(RehearsalFault) -> JSONValue {
        let output = try await tool.run(arguments + ["--output=json"])
        do throws(JSONFault) {
            return try JSONValue(
                parsing: output, limits: JSONLimits(maxBytes: 8 << 20, maxDepth: 64))
        } catch {
            throw RehearsalFault(
                .failed, "kubectl \(arguments.joined(separator: " ")): prints no JSON: \(error)")
        }
    }
}

extension JSONValue {
    fileprivate var items: [JSONValue] {
        guard case .array(let items)? = self["items"] else { return [] }
        return items
    }
}
