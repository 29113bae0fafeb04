/// The current state of a bookmark's balancer and Rollout.
struct State: Sendable {
    var weights: [Weight] = []
    var rollout: RolloutFacts?

    /// Reads the state of the balancer and Rollout that `bookmark` names.
    static func now(_ bookmark: Bookmark) async throws(RehearsalFault) -> State {
        var state = State()
        if let source = bookmark.source {
            state.weights = try await source.balancer().weights()
        }
        if let facts = bookmark.rollout {
            state.rollout = try await Kubectl().facts(
                namespace: facts.namespace, rollout: facts.name,
                argo: facts.argo.isEmpty ? nil : facts.argo)
        }
        return state
    }

    /// Returns how this differs from `bookmark`, one line each.
    func drift(from bookmark: Bookmark) -> [String] {
        var drift: [String] = []
        for before in bookmark.weights {
            let now = weights.first { $0.target == before.target }
            if let now {
                if now.value != before.value {
                    drift.append("weight.\(before.target): \(before.value) → \(now.value)")
                }
                if now.isUp != before.isUp {
                    drift.append(
                        "weight.\(before.target): \(before.isUp ? "up → down" : "down → up")")
                }
            } else {
                drift.append("weight.\(before.target): \(before.value) → gone")
            }
        }
        for now in weights where !bookmark.weights.contains(where: { $0.target == now.target }) {
            drift.append("weight.\(now.target): new, \(now.value)")
        }
        if let before = bookmark.rollout, let now = rollout { drift += before.drift(to: now) }
        return drift
    }

    /// Returns why a rollback cannot be rehearsed now; nil when it can.
    func obstacle(_ bookmark: Bookmark) -> String? {
        if let rollout {
            let oldest = RolloutFacts.oldestArgo.map(String.init).joined(separator: ".")
            switch rollout.isArgoNewEnough {
            case false:
                return
                    "Argo Rollouts \(rollout.argo) promotes Inconclusive background runs; upgrade to \(oldest) or later"
            case nil:
                return
                    "the version of Argo Rollouts cannot be read; give it to `rehearse bookmark` with --argo-version"
            default: break
            }
            if rollout.stableHash.isEmpty || rollout.stablePods < bookmark.minStablePods {
                return
                    "the stable replica set has \(rollout.stablePods) available pods, \(bookmark.minStablePods) are needed to take the traffic"
            }
            if rollout.canaryHash == rollout.stableHash {
                return "no canary is under way: current and stable are the same pods"
            }
        }
        if bookmark.source != nil {
            let stable = weights.filter { !bookmark.canary.contains($0.target) }
            guard stable.contains(where: { $0.isUp && $0.value > 0 }) else {
                return "no stable target of the balancer is up with a weight over 0"
            }
            if let missing = bookmark.canary.first(where: { target in
                !weights.contains { $0.target == target }
            }) {
                return "the balancer has no target \(missing)"
            }
        }
        return nil
    }
}
