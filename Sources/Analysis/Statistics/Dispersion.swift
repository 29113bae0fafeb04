import Events

/// The dispersion φ of the failures in stable windows, which divides the run's evidence.
///
/// φ is 1 for independent requests and greater if the failures vary more.
/// Computed in constant space as Pearson's χ² for a common rate, divided by its
/// degrees of freedom. At least 1, because less variation is taken as chance.
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

    /// Adds a window with `x` failing of `n` requests; ignores a window without requests.
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
