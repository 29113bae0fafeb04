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

    /// The difference of this window's failure rates; nil unless both sides have requests.
    private var difference: Double? {
        guard counts.canaryTotal > 0, counts.stableTotal > 0 else { return nil }
        return counts.canaryFailing / counts.canaryTotal
            - counts.stableFailing / counts.stableTotal
    }

    /// The more severe rule that is violated; nil if none is or if the difference
    /// is below `minDelta`.
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
