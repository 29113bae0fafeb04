import Events

/// The canary's failures against stable's: one window's exact test for
/// warnings, the run's sequential test for failures.
struct CountComparison {
    let spec: StatisticalSpec
    let counts: WindowCounts
    let pWindow: Double
    /// This window's share of the run's evidence, and the run's with it.
    let step: EvidenceStep
    let evidence: RunEvidence

    /// - Parameters:
    ///   - run: The evidence of the run's earlier windows.
    ///   - window: This window's id.
    init(_ counts: WindowCounts, spec: StatisticalSpec, run: RunEvidence, window: Int64) {
        self.spec = spec
        self.counts = counts
        pWindow = RateRatioTest.pValue(counts, rho: spec.rhoWarn)
        let phi = spec.estimatesPhi ? max(spec.phi, run.stable.phi) : spec.phi
        step = EvidenceStep(
            window: window, counts: counts, rho: spec.rhoFail, phi: max(phi, 1))
        var evidence = run
        evidence.fold(step)
        self.evidence = evidence
    }

    /// Difference of the proportions of this window; nil unless both sides saw requests.
    private var difference: Double? {
        guard counts.canaryTotal > 0, counts.stableTotal > 0 else { return nil }
        return counts.canaryFailing / counts.canaryTotal
            - counts.stableFailing / counts.stableTotal
    }

    /// The graver rule that speaks, if any: a difference below `minDelta`
    /// counts for neither.
    var finding: CheckOutcome.Finding? {
        guard let difference, difference >= spec.minDelta else { return nil }
        if evidence.pRun <= spec.alphaFail { return .init(.fail, .worseOverRun) }
        if pWindow <= spec.alphaWarn { return .init(.warn, .worseInWindow) }
        return nil
    }

    func write(to numbers: inout StatisticalNumbers) {
        numbers.pWindow = pWindow
        numbers.e = evidence.e(phi: step.phi)
        numbers.pRun = evidence.pRun
        numbers.step = step
    }
}
