import Settings

/// Warnings about probes whose data of canary and stable is the same for several rollouts.
enum SharedDataFindings {
    /// One warning for each probe, at its place in the configuration.
    static func warnings(_ reading: Settings.Reading) -> [SettingsFault] {
        let analysis = reading.settings.analysis
        guard reading.settings.has(.gateway) else { return [] }
        var sharers: [String: [String]] = [:]
        for policy in analysis.policies where policy.match.mayBeSeveral {
            for name in policy.probes { sharers[name, default: []].append(policy.name) }
        }
        if analysis.unmatched == .judge {
            for probe in analysis.probes { sharers[probe.name, default: []].append("") }
        }
        var places = Dictionary(
            analysis.probes.enumerated().map { ($1.name, "analysis.probes[\($0)]") },
            uniquingKeysWith: { first, _ in first })
        for (index, policy) in analysis.policies.enumerated() {
            for (place, name) in policy.probes.enumerated() where places[name] == nil {
                places[name] = "analysis.policies[\(index)].probes[\(place)]"
            }
        }
        return analysis.allProbes.compactMap { probe in
            let shared = probe.sharedSignals
            guard let names = sharers[probe.name], !shared.isEmpty else { return nil }
            let isWhole = shared.count == probe.rolloutSignals.count
            let what = isWhole ? "" : " of \(shared.joined(separator: ", "))"
            let policies = names.filter { !$0.isEmpty }
            let whom =
                policies.isEmpty
                ? (analysis.policies.isEmpty ? "every rollout" : "every rollout without a policy")
                : "the rollouts of the policies \(policies.joined(separator: ", "))"
                    + (names.count > policies.count ? " and those without one" : "")
            return reading.fault(
                at: places[probe.name] ?? "analysis.probes",
                "the probe \(probe.name) has the same data\(what) for \(whom)",
                "select its series by $rollout or $canary_hash, or write a policy for each rollout (docs/probes.md)"
            )
        }
    }
}
