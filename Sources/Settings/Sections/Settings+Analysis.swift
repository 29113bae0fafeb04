import Core
import Events

extension Settings {
    /// `analysis`: what is measured, and how it is judged.
    public struct Analysis: Sendable, Equatable {
        /// The time limit for all probes of one measurement.
        public var budget = Duration.milliseconds(2500)
        /// The time between two measurements of a series, as in the AnalysisTemplate.
        public var interval = Duration.seconds(30)
        /// The cell length of the data grid. Nil: the span in which a repeated request counts as a
        /// retry, min(5 s, interval / 2).
        public var window: Duration?
        /// How long data takes to arrive; windows end this long before now.
        public var settle = Duration.zero
        /// Percent of the counted weight whose failure makes a verdict unhealthy without a critical
        /// failure.
        public var failShare = 50
        public var probes: [Probe] = Probe.standard
        public var checks: [Check] = Check.standard
        /// The checks of `POST /rollouts/analysis/{concern}`, by concern.
        public var concerns = [
            "errors": Concern(["canary.5xx_rate"]), "latency": Concern(["canary.p99_ms"]),
        ]

        /// The policies of single rollouts; the first that matches judges. Without a match,
        /// `probes`, `checks` and `concerns` judge, unless `unmatched` is `refuse`.
        public var policies: [RolloutPolicy] = []
        public var unmatched = Unmatched.judge

        /// What happens to a rollout that no policy matches.
        public enum Unmatched: String, Sendable, CaseIterable {
            case judge
            case refuse
        }

        /// The probes of the node: the common ones, and those that policies have of their own.
        public var allProbes: [Probe] { probes + policies.flatMap(\.ownProbes) }

        public init() {}
    }
}

extension Settings.Analysis {
    init(reading r: MappingReader) {
        self.init()
        budget = r.duration("budget", budget, in: .milliseconds(50)...(.seconds(60)))
        interval = r.duration("interval", interval, in: .seconds(1)...(.seconds(86_400)))
        if budget >= interval {
            r.fault("budget", "not shorter than interval", "measurements would overlap: shorten it")
        }
        if r.has("window", besides: "auto") {
            window = r.duration(
                "window", min(.seconds(5), interval / 2), in: .milliseconds(100)...(.seconds(3600)))
        }
        settle = r.duration("settle", settle, in: .zero...(.seconds(3600)))
        failShare = r.integer("fail_share", failShare, in: 1...100)
        if let given = r.mappings("probes") {
            probes = given.compactMap { Settings.Probe(reading: $0, budget: budget) }
        }
        if let given = r.mappings("checks") { checks = given.map { Settings.Check(reading: $0) } }
        checkSource(r, probes, checks)
        if checks.isEmpty {
            r.fault("checks", "there is none", "name at least one, or leave the key out")
        }
        concerns = Settings.Concern.read(r, checks: checks, standard: concerns)
        readPolicies(r)
        r.finish()
    }

    private mutating func readPolicies(_ r: MappingReader) {
        for reader in r.mappings("policies") ?? [] {
            let policy = RolloutPolicy(reading: reader, of: self)
            // In the order of the list, so that faults name the right element.
            let judging = policy.probes.compactMap { name in
                (policy.ownProbes + probes).first { $0.name == name }
            }
            checkSource(reader, judging, policy.checks)
            policies.append(policy)
        }
        unmatched = r.choice("unmatched", policies.isEmpty ? .judge : .refuse)
        if unmatched == .refuse, policies.isEmpty {
            r.fault("unmatched", "every rollout is refused", "write policies, or judge")
        }
        var seen: Set<String> = []
        for (index, policy) in policies.enumerated() where !policy.name.isEmpty {
            if !seen.insert(policy.name).inserted {
                r.fault(
                    "policies[\(index)].name",
                    "a second policy named \(InertText.quoted(policy.name))",
                    "give it another name")
            }
            if let earlier = policies[..<index].first(where: { $0.match.covers(policy.match) }) {
                r.warn(
                    "policies[\(index)]",
                    "never used: \(InertText.quoted(earlier.name)) matches all of it",
                    "put it before that one")
            }
        }
        var names: Set<String> = []
        let places =
            probes.indices.map { "probes[\($0)]" }
            + policies.enumerated().flatMap { index, policy in
                policy.ownProbes.map { _ in "policies[\(index)].probes" }
            }
        for (probe, place) in zip(allProbes, places) where !probe.name.isEmpty {
            if !names.insert(probe.name).inserted {
                r.fault(
                    place.hasPrefix("probes") ? "\(place).name" : place,
                    "a second probe named \(InertText.quoted(probe.name))", "give it another name")
            }
        }
    }

    /// Checks the probes and the checks that judge together: `probes` and `checks` of `r`.
    private func checkSource(
        _ r: MappingReader, _ probes: [Settings.Probe], _ checks: [Settings.Check]
    ) {
        var owners: [String: String] = [:]
        for (index, probe) in probes.enumerated() {
            for signal in probe.signals {
                if let owner = owners[signal], owner != probe.name {
                    r.fault(
                        r.has("probes") ? "probes[\(index)]" : "probes",
                        "reports \(signal), as \(InertText.quoted(owner)) does already",
                        "keep one of the two")
                    break
                }
                owners[signal] = probe.name
            }
        }
        var seen: Set<String> = []
        for (index, check) in checks.enumerated() where !check.id.isEmpty {
            if !seen.insert(check.id).inserted {
                r.fault(
                    "checks[\(index)].id", "a second check of \(InertText.quoted(check.id))",
                    "keep one of the two")
            }
            warnOfSignal(check.id, index, Array(owners.keys), probes, r)
        }
    }

    /// Warns about a check whose signal no probe reports: it never has data.
    private func warnOfSignal(
        _ id: String, _ index: Int, _ known: [String], _ probes: [Settings.Probe],
        _ r: MappingReader
    ) {
        let object = id.prefix { $0 != "." }
        let isOpen = probes.contains { $0.reportsFurther && $0.name == object }
        guard !isOpen, !known.contains(id), r.has("checks") || r.has("probes") else { return }
        r.warn(
            r.has("checks") ? "checks[\(index)].id" : "probes",
            "no probe reports \(InertText.quoted(id)), so it never has data",
            Suggestion.remedy(for: id, among: known.sorted()))
    }
}

extension Settings {
    /// `policy`: how a reload of the checks affects runs in progress.
    public struct Policy: Sendable, Equatable {
        public enum MidRun: String, Sendable, CaseIterable {
            /// A run is judged to its end by the policy that it started with.
            case nextRun = "next_run"
            /// The new policy applies at once; a run judged by two policies is `unknown`.
            case apply
        }

        public var midRun = MidRun.nextRun

        public init() {}
    }
}

extension Settings.Policy {
    init(reading r: MappingReader) {
        self.init()
        midRun = r.choice("mid_run", midRun)
        r.finish()
    }
}
