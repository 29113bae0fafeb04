#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Exact one-sided confidence bounds of a proportion (Clopper, Pearson 1934).
///
/// Each bound is wrong with probability at most `alpha`.
public enum ClopperPearson {
    /// The proportion p with P(X ≥ x) = alpha; 0 when nothing failed.
    public static func lower(_ x: Double, of n: Double, alpha: Double) -> Double {
        if x <= 0 || n <= 0 { return 0 }
        if x >= n { return pow(alpha, 1 / n) }
        return solve(for: alpha, start: x / n, rising: true) { p in
            (
                BinomialTail.atLeast(x, of: n, p: p, q: 1 - p),
                IncompleteBeta.density(x: p, y: 1 - p, a: x, b: n - x + 1)
            )
        }
    }

    /// The proportion p with P(X ≤ x) = alpha; 1 when everything failed.
    public static func upper(_ x: Double, of n: Double, alpha: Double) -> Double {
        if x >= n || n <= 0 { return 1 }
        if x <= 0 { return -expm1(log(alpha) / n) }
        return solve(for: alpha, start: x / n, rising: false) { p in
            (
                BinomialTail.atMost(x, of: n, p: p, q: 1 - p),
                IncompleteBeta.density(x: 1 - p, y: p, a: n - x, b: x + 1)
            )
        }
    }

    /// The smallest number of requests that proves, without a failure, a proportion up to `limit`.
    ///
    /// 0 if `limit` is at least 1. `Int.max` if the number reaches 1e15 or an
    /// argument is out of range.
    public static func sampleToCertify(_ limit: Double, alpha: Double) -> Int {
        guard limit > 0, limit < 1, alpha > 0, alpha < 1 else { return limit >= 1 ? 0 : .max }
        let exact = log(alpha) / log1p(-limit)
        guard exact < 1e15 else { return .max }
        return Int((exact * (1 - 1e-14)).rounded(.up))
    }

    /// Newton's method for `tail(p) = level`, kept inside a shrinking bracket.
    private static func solve(
        for level: Double, start: Double, rising: Bool,
        _ tail: (Double) -> (value: Double, slope: Double)
    ) -> Double {
        var (low, high) = (0.0, 1.0)
        var p = start
        for _ in 0..<100 {
            let (value, slope) = tail(p)
            if (value < level) == rising { low = p } else { high = p }
            // A step on the logarithm of the tail, which is nearly linear far from the mean.
            let error = (log(value) - log(level)) * value / slope
            var next = rising ? p - error : p + error
            if !(next > low && next < high) {
                next = low > 0 ? (low * high).squareRoot() : high / 16
            }
            if (next - p).magnitude <= 1e-15 * p { return next }
            p = next
        }
        return p
    }
}
