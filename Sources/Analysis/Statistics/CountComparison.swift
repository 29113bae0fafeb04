import Events

/// Compares the canary's failures with those of stable.
///
/// The exact test of one window warns; the sequential test of the run fails.
struct CountComparison {
    let spec: StatisticalSpec
    let counts: WindowCounts
    let pWindow: Double
    /// The evidence of this window.
    let step: EvidenceStep
    /// The evidence of the run, including this window.
    let evidence: RunEvidence
    /// Whether this window adds to the evidence of the others.
    private let isRising: Bool

    /// - Parameters:
    ///   - run: The evidence of the run's earlier windows.
    ///   - window: This window's id.
    init(_ counts: WindowCounts, spec: StatisticalSpec, run: RunEvidence, window: Int64) {
        self.spec = spec
        self.counts = counts
        pWindow = RateRatioTest.pValue(counts, rho: spec.rhoWarn)
        let phi = spec.estimatesPhi ? max(spec.phi, run.stable.phi) : spec.phi
        step = EvidenceStep(
            window: window, counts: counts, rho: spec.rhoFail, phi: max(phi, 1),
            alpha: spec.alphaFail)
        var evidence = run
        evidence.fold(step)
        self.evidence = evidence
        var others = run.logs
        if let last = run.lastWindow, window <= last {
            // An earlier attempt judged this window, and the run contains it.
            let own = MixtureTest.logRatios(counts, rho: step.rho)
            others = zip(others, own).map { $0 - $1 }
        }
        isRising =
            MixtureTest.logMean(evidence.logs, phi: step.phi)
            > MixtureTest.logMean(others, phi: step.phi)
    }

    /// The more severe rule that is violated; nil if none is, or if the canary's failure rate
    /// in this window is not above that of stable by at least `minDelta`.
    ///
    /// A window that lowers the run's evidence only warns: it is no reason to fail the canary
    /// again.
    var finding: CheckOutcome.Finding? {
        guard let rates = counts.rates, rates.canary > rates.stable,
            rates.canary - rates.stable >= spec.minDelta
        else { return nil }
        if evidence.pRun <= spec.alphaFail {
            let run = compared(evidence.counts?.rates)
            return isRising
                ? .init(.fail, .worseOverRun, compared: run)
                : .init(.warn, .wasWorseInRun, compared: run)
        }
        guard pWindow <= spec.alphaWarn else { return nil }
        return .init(.warn, .worseInWindow, compared: compared(rates))
    }

    /// The compared numbers: rates, which for a latency check are the shares of slow requests.
    private func compared(
        _ rates: (canary: Double, stable: Double)?
    ) -> CheckOutcome.Finding.Compared? {
        rates.map {
            .init(
                value: $0.canary, stable: $0.stable,
                unit: spec.kind == .latency ? .ratio : nil)
        }
    }

    func write(to numbers: inout StatisticalNumbers) {
        numbers.pWindow = pWindow
        numbers.e = evidence.e(phi: step.phi)
        numbers.pRun = evidence.pRun
        numbers.step = step
    }
}
