/// The state of an Argo Rollout that a rollback depends on.
public struct RolloutFacts: Sendable, Hashable {
    public var namespace: String
    public var name: String
    public var uid: String
    public var revision: String
    public var stableHash: String
    public var canaryHash: String
    /// nil when the Rollout has no steps.
    public var step: Int?
    public var phase: String
    public var isAborted: Bool
    /// Available pods of the stable replica set.
    public var stablePods: Int
    /// The controller's version, as `1.9.1`; empty when it could not be read.
    public var argo: String

    /// The command that aborts the Rollout. It patches the status, as the kubectl plugin's
    /// `abort` does, so that the plugin is not needed.
    public var abort: [String] { patch(abort: true) }

    /// The command that reverts the abort.
    public var retry: [String] { patch(abort: false) }

    private func patch(abort: Bool) -> [String] {
        [
            "kubectl", "--namespace", namespace, "patch", "rollouts.argoproj.io", name,
            "--subresource=status", "--type=merge", "--patch",
            #"{"status":{"abort":\#(abort)}}"#,
        ]
    }

    /// Returns how `other` differs from this in the members that a bookmark compares.
    func drift(to other: RolloutFacts) -> [String] {
        var drift: [String] = []
        func compare(_ what: String, _ before: String, _ now: String) {
            if before != now { drift.append("\(what): \(before) → \(now)") }
        }
        compare("rollout.uid", uid, other.uid)
        compare("rollout.revision", revision, other.revision)
        compare("rollout.stable_hash", stableHash, other.stableHash)
        compare("rollout.canary_hash", canaryHash, other.canaryHash)
        compare("rollout.step", step.map(String.init) ?? "–", other.step.map(String.init) ?? "–")
        compare("rollout.aborted", String(isAborted), String(other.isAborted))
        return drift
    }

    /// The first version in which Inconclusive background runs pause instead of promoting.
    static let oldestArgo = [1, 8, 2]

    /// Whether `argo` is at least `oldestArgo`; nil when it is not a version.
    var isArgoNewEnough: Bool? {
        let numbers = argo.split(separator: "-")[safe: 0]?.split(separator: ".").map { Int($0) }
        guard let numbers, numbers.count == 3, !numbers.contains(nil) else { return nil }
        return !numbers.compactMap { $0 }.lexicographicallyPrecedes(Self.oldestArgo)
    }
}

extension Collection {
    fileprivate subscript(safe index: Index) -> Element? {
        indices.contains(index) ? self[index] : nil
    }
}
