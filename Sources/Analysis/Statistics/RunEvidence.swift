/// The failing and the total requests of one window, for canary and stable.
public struct WindowCounts: Sendable, Hashable {
    public var canaryFailing: Double
    public var canaryTotal: Double
    public var stableFailing: Double
    public var stableTotal: Double

    public init(canary: (failing: Double, total: Double), stable: (failing: Double, total: Double))
    {
        canaryFailing = canary.failing
        canaryTotal = canary.total
        stableFailing = stable.failing
        stableTotal = stable.total
    }

    static let zero = WindowCounts(canary: (0, 0), stable: (0, 0))

    static func + (a: WindowCounts, b: WindowCounts) -> WindowCounts {
        WindowCounts(
            canary: (a.canaryFailing + b.canaryFailing, a.canaryTotal + b.canaryTotal),
            stable: (a.stableFailing + b.stableFailing, a.stableTotal + b.stableTotal))
    }

    /// The failure rates of both sides; nil unless both have requests.
    var rates: (canary: Double, stable: Double)? {
        guard canaryTotal > 0, stableTotal > 0 else { return nil }
        return (canaryFailing / canaryTotal, stableFailing / stableTotal)
    }
}

/// The counts of one window, with the parameters of the run's test.
public struct EvidenceStep: Sendable, Hashable {
    /// The window's start, milliseconds since 1970: its id, ascending.
    public var window: Int64
    public var counts: WindowCounts
    /// Null rate ratio.
    public var rho: Double
    /// Dispersion divisor.
    public var phi: Double
    /// The error level at which the run fails.
    public var alpha: Double

    public init(
        window: Int64, counts: WindowCounts, rho: Double, phi: Double, alpha: Double = 0.01
    ) {
        self.window = window
        self.counts = counts
        self.rho = rho
        self.phi = phi
        self.alpha = alpha
    }
}

/// A run's evidence that the canary is worse, in constant space.
///
/// Each window counts once, in ascending order of its id. A window that is not
/// later than the last one is ignored, so a replay of windows changes nothing.
///
/// Once the evidence suffices to fail the run, `cleanWindows` clean windows in a row
/// clear it. Before that nothing is cleared, so the error level of the run's first
/// failure does not change.
public struct RunEvidence: Sendable, Equatable {
    /// Log-likelihood ratios summed over the windows, one for each ratio of
    /// `MixtureTest.grid`; empty before the first window.
    public internal(set) var logs: [Double]
    /// ln of the largest M so far; at least 0, because M is 1 before the first window.
    public internal(set) var peak: Double
    /// The id of the last window; nil before the first.
    public internal(set) var lastWindow: Int64?
    /// The sums of the counts that the evidence is from; nil if an older version did not
    /// store them.
    public internal(set) var counts: WindowCounts?
    /// The number of clean windows in a row.
    public internal(set) var clean: Int
    /// The dispersion of the stable version's windows.
    public internal(set) var stable: Dispersion

    public init(
        logs: [Double] = [], peak: Double = 0, lastWindow: Int64? = nil,
        counts: WindowCounts? = nil, clean: Int = 0, stable: Dispersion = Dispersion()
    ) {
        self.logs = logs
        self.peak = peak
        self.lastWindow = lastWindow
        self.counts = counts ?? (lastWindow == nil ? .zero : nil)
        self.clean = clean
        self.stable = stable
    }
}
