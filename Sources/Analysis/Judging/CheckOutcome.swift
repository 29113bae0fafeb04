import Events

/// The result of one check at one attempt, with the numbers behind it.
public struct CheckOutcome: Sendable, Equatable {
    /// One rule that is violated, or the reason why data is missing.
    public struct Finding: Sendable, Hashable {
        /// `warn`, `nodata` or `fail`.
        public var state: CheckState
        public var rule: Rule
        /// The violated limit, if the rule has one.
        public var limit: Double?
        /// The numbers that the rule compared; nil if they are the outcome's.
        public var compared: Compared?
        /// The fail limit that the value is over without proof.
        public var unproven: Reason.Unproven?
        /// The value of earlier attempts that a growth is measured from; nil for other rules.
        public var grownFrom: Double?
        /// The probe's text, untrusted; empty if there is none.
        public var detail: String

        /// Numbers of a rule that does not judge the check's value of this window.
        public struct Compared: Sendable, Hashable {
            public var value: Double
            public var stable: Double
            /// Nil for the check's own unit.
            public var unit: MetricUnit?

            public init(value: Double, stable: Double, unit: MetricUnit? = nil) {
                self.value = value
                self.stable = stable
                self.unit = unit
            }
        }

        public init(
            _ state: CheckState, _ rule: Rule, limit: Double? = nil, compared: Compared? = nil,
            unproven: Reason.Unproven? = nil, grownFrom: Double? = nil, detail: String = ""
        ) {
            self.state = state
            self.rule = rule
            self.limit = limit
            self.compared = compared
            self.unproven = unproven
            self.grownFrom = grownFrom
            self.detail = detail
        }
    }

    public var check: Check
    public var state: CheckState
    /// Nil if it could not be measured.
    public var value: Double?
    public var unit: MetricUnit
    /// The stable version's value in the same window.
    public var stable: Double?
    /// The value at the previous attempt.
    public var previous: Double?
    /// In the order in which the rules are evaluated; empty if the check passes.
    public var findings: [Finding]
    /// The numbers of the statistical rules; nil if they were not evaluated.
    public var numbers: StatisticalNumbers?

    public init(
        _ check: Check, state: CheckState, value: Double? = nil, unit: MetricUnit? = nil,
        stable: Double? = nil, previous: Double? = nil, findings: [Finding] = [],
        numbers: StatisticalNumbers? = nil
    ) {
        self.check = check
        self.state = state
        self.value = value
        self.unit = unit ?? MetricUnit(metricName: check.id)
        self.stable = stable
        self.previous = previous
        self.findings = findings
        self.numbers = numbers
    }

    /// The violated limit that decided the state; else the fail limit, else the warn limit.
    public var decidingLimit: Double? {
        findings.first { $0.state == state && $0.limit != nil }?.limit ?? check.fail ?? check.warn
    }

    /// The findings in the form of the verdict document.
    public var reasons: [Reason] {
        findings.map { finding in
            // The numbers of this window do not explain a finding of the run. A number of the
            // run, or of another unit, has no previous attempt.
            let isOwn = finding.compared == nil && !finding.isOverRun
            return Reason(
                check: check.id, state: finding.state,
                value: isOwn ? value : finding.compared?.value,
                limit: finding.limit, stable: isOwn ? stable : finding.compared?.stable,
                previous: finding.grownFrom
                    ?? (isOwn || finding.rule == .worseInWindow && finding.compared?.unit == nil
                        ? previous : nil),
                unit: finding.compared?.unit, unproven: finding.unproven,
                why: finding.rule.name, detail: finding.detail, advisory: check.advisory)
        }
    }

    /// The values of the metric, in the form of the event.
    public var delta: MetricDelta {
        MetricDelta(
            metric: check.id, value: value, previous: previous, stable: stable,
            limit: decidingLimit, unit: unit, state: state)
    }
}
