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
        checkNames(r)
        concerns = Settings.Concern.read(r, checks: checks, standard: concerns)
        r.finish()
    }

    private func checkNames(_ r: MappingReader) {
        var seen: Set<String> = []
        for (index, probe) in probes.enumerated() where !probe.name.isEmpty {
            if !seen.insert(probe.name).inserted {
                r.fault(
                    "probes[\(index)].name", "a second probe named \(probe.name.quoted)",
                    "give it another name")
            }
        }
        var owners: [String: String] = [:]
        for (index, probe) in probes.enumerated() {
            for signal in probe.signals {
                if let owner = owners[signal], owner != probe.name {
                    r.fault(
                        "probes[\(index)]", "reports \(signal), as \(owner.quoted) does already",
                        "keep one of the two")
                    break
                }
                owners[signal] = probe.name
            }
        }
        seen = []
        for (index, check) in checks.enumerated() where !check.id.isEmpty {
            if !seen.insert(check.id).inserted {
                r.fault(
                    "checks[\(index)].id", "a second check of \(check.id.quoted)",
                    "keep one of the two")
            }
            warnOfSignal(check.id, index, Array(owners.keys), r)
        }
        if checks.isEmpty {
            r.fault("checks", "there is none", "name at least one, or leave the key out")
        }
    }

    /// Warns about a check whose signal no probe reports: it never has data.
    private func warnOfSignal(
        _ id: String, _ index: Int, _ known: [String], _ r: MappingReader
    ) {
        let object = id.prefix { $0 != "." }
        let isOpen = probes.contains { $0.reportsFurther && $0.name == object }
        guard !isOpen, !known.contains(id), r.has("checks") || r.has("probes") else { return }
        r.warn(
            "checks[\(index)].id", "no probe reports \(id.quoted), so it never has data",
            Suggestion.remedy(for: id, among: known.sorted()))
    }
}
