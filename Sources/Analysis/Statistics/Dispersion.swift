import Events

/// How much more the failures of stable windows scatter than independent
/// requests would: the divisor φ of the run's evidence.
///
/// Pearson's χ² of a common rate over its degrees of freedom, in constant
/// space; at least 1, because less scatter than chance is chance.
public struct Dispersion: Sendable, Hashable {
    public private(set) var windows = 0
    private(set) var failing = 0.0
    private(set) var total = 0.0
    /// Σ x²/n.
    private(set) var squares = 0.0

    public init() {}

    init(windows: Int, failing: Double, total: Double, squares: Double) {
        self.windows = windows
        self.failing = failing
        self.total = total
        self.squares = squares
    }

    /// Takes in a window with `failing` of `total` requests; one without requests says nothing.
    public mutating func add(failing x: Double, of n: Double) {
        guard n > 0 else { return }
        windows +|= 1
        failing += x
        total += n
        squares += x * x / n
    }

    /// φ ≥ 1; 1 with fewer than two windows or without a failure.
    public var phi: Double {
        guard windows > 1, failing > 0 else { return 1 }
        // Σ (x − np)²/(np) with p = Σx/Σn.
        let chiSquare = squares * total / failing - failing
        return max(1, chiSquare / Double(windows - 1))
    }
}
