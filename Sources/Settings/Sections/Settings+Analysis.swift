extension Settings {
    /// `analysis`: what is measured and how it is judged.
    public struct Analysis: Sendable, Equatable {
        /// The most time that one measurement's probes take together.
        public var budget = Duration.milliseconds(2500)
        /// The time between two measurements of a series, as the AnalysisTemplate has it.
        public var interval = Duration.seconds(30)
        /// Per cent of the counted weight whose failure makes a verdict
        /// unhealthy without a critical failure.
        public var failShare = 50
        public var probes: [Probe] = Probe.standard
        public var checks: [Check] = Check.standard
        /// Check ids of each concern, `POST /rollouts/analysis/{concern}`.
        public var concerns: [String: [String]] = [
            "errors": ["canary.5xx_rate"], "latency": ["canary.p99_ms"],
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
        failShare = r.integer("fail_share", failShare, in: 1...100)
        if let given = r.mappings("probes") {
            probes = given.compactMap { Settings.Probe(reading: $0, budget: budget) }
        }
        if let given = r.mappings("checks") { checks = given.map { Settings.Check(reading: $0) } }
        checkNames(r)
        readConcerns(r)
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

    /// A check that no probe feeds has no data for ever.
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

    private mutating func readConcerns(_ r: MappingReader) {
        let ids = checks.map(\.id)
        guard r.has("concerns") else {
            // The standard concerns, as far as they fit the checks.
            concerns = concerns.mapValues { $0.filter(ids.contains) }.filter { !$0.value.isEmpty }
            return
        }
        let reader = r.mapping("concerns")
        concerns = [:]
        for name in reader.keys {
            let isName =
                !name.isEmpty && name.utf8.count <= 63
                && name.unicodeScalars.allSatisfy {
                    ("a"..."z").contains($0) || $0.isDigit || $0 == "-"
                }
            if !isName {
                reader.fault(
                    name, "\(name.quoted) cannot stand in a path", "use a-z, 0-9 and -", atKey: true
                )
            } else if name == "all" {
                reader.fault(
                    name, "all is every check already", "give it another name", atKey: true)
            }
            let members = reader.texts(name)
            for (index, id) in members.enumerated() where !ids.contains(id) {
                reader.fault(
                    "\(name)[\(index)]", "there is no check \(id.quoted)",
                    Suggestion.remedy(for: id, among: ids))
            }
            if members.isEmpty { reader.fault(name, "names no check", "name at least one") }
            concerns[name] = members
        }
    }
}
