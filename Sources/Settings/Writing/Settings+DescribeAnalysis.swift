extension Settings.Analysis {
    func describe(_ y: inout YAMLWriter) {
        y.entry("budget", budget)
        y.entry("interval", interval)
        if let window { y.entry("window", window) } else { y.entry("window", "auto") }
        y.entry("settle", settle)
        y.entry("fail_share", failShare)
        y.list("probes", probes) { $1.describe(&$0) }
        y.list("checks", checks) { $1.describe(&$0) }
        Self.describe(concerns, &y)
        y.list("policies", policies) { y, policy in
            y.entry("name", policy.name)
            y.mapping("match") { y in
                if !policy.match.namespaces.isEmpty {
                    y.entry("namespace", policy.match.namespaces)
                }
                if !policy.match.rollouts.isEmpty { y.entry("rollout", policy.match.rollouts) }
            }
            y.entry("fail_share", policy.failShare)
            let own = Dictionary(
                policy.ownProbes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            y.list("probes", policy.probes) { y, name in
                if let probe = own[name] { probe.describe(&y) } else { y.element(name) }
            }
            y.list("checks", policy.checks) { $1.describe(&$0) }
            Self.describe(policy.concerns, &y)
        }
        y.entry("unmatched", unmatched.rawValue)
    }

    private static func describe(
        _ concerns: [String: Settings.Concern], _ y: inout YAMLWriter
    ) {
        guard !concerns.isEmpty else { return y.entry("concerns", [:] as [String: String]) }
        y.mapping("concerns") { y in
            for (name, concern) in concerns.sorted(by: { $0.key < $1.key }) {
                concern.describe(name, &y)
            }
        }
    }
}

extension Settings.Check {
    fileprivate func describe(_ y: inout YAMLWriter) {
        y.entry("id", id)
        if let warn { y.entry("warn", warn) }
        if let fail { y.entry("fail", fail) }
        y.entry("direction", direction.rawValue)
        y.entry("critical", critical)
        y.entry("weight", weight)
        y.entry("nodata", nodata.rawValue)
        y.entry("advisory", advisory)
        if let stableWarn { y.entry("stable_warn", stableWarn) }
        if let stableFail { y.entry("stable_fail", stableFail) }
        if let previousWarn { y.entry("previous_warn", previousWarn) }
        if let statistics {
            y.mapping("statistics") { statistics.describe(&$0) }
        } else if !isRelative, direction == .above, Settings.Statistics.standard(for: id) != nil {
            y.entry("statistics", "off")
        }
    }
}

extension Settings.Statistics {
    fileprivate func describe(_ y: inout YAMLWriter) {
        y.entry("kind", kind.rawValue)
        y.entry("rho_warn", rhoWarn)
        y.entry("rho_fail", rhoFail)
        y.entry("alpha_warn", alphaWarn)
        y.entry("alpha_fail", alphaFail)
        y.entry("min_delta", minDelta)
        y.entry("n_min", minSample)
        if let growth { y.entry("prev_warn", growth) } else { y.entry("prev_warn", "off") }
        if let phi { y.entry("phi", phi) } else { y.entry("phi", "auto") }
        guard kind == .latency else { return }
        y.entry("q", quantile)
        if let tau { y.entry("tau", tau) } else { y.entry("tau", "auto") }
    }
}

extension Settings.Concern {
    fileprivate func describe(_ name: String, _ y: inout YAMLWriter) {
        guard !own.isEmpty || template != Template() else { return y.entry(name, checks) }
        y.mapping(name) { y in
            y.entry("checks", checks)
            y.list("own", own) { $1.describe(&$0) }
            y.mapping("template") { y in
                if let interval = template.interval { y.entry("interval", interval) }
                if let count = template.count { y.entry("count", count) }
                if let limit = template.failureLimit { y.entry("failure_limit", limit) }
            }
        }
    }
}
