#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Binomial probabilities by Loader's saddle-point expansion.
///
/// Accurate to a few units in the last place, where differences of log-gammas
/// lose digits (C. Loader, "Fast and Accurate Computation of Binomial
/// Probabilities", 2000). `n` and `x` need not be whole: the formula extends
/// through the gamma function.
enum BinomialMass {
    /// P(X = x) for X ~ Binomial(n, p). `q` = 1 − p is an argument of its own, so
    /// that neither loses digits near 0.
    static func probability(of x: Double, in n: Double, p: Double, q: Double) -> Double {
        guard x >= 0, x <= n else { return 0 }
        if p == 0 { return x == 0 ? 1 : 0 }
        if q == 0 { return x == n ? 1 : 0 }
        if x == 0 { return exp(n * logOfComplement(p, q)) }
        if x == n { return exp(n * logOfComplement(q, p)) }
        let exponent =
            stirlingError(n) - stirlingError(x) - stirlingError(n - x)
            - deviance(x, n * p) - deviance(n - x, n * q)
        let spread = 2 * Double.pi * x * (1 - x / n)
        return exp(exponent) / spread.squareRoot()
    }

    /// ln(1 − p), computed from the smaller of p and q = 1 − p.
    private static func logOfComplement(_ p: Double, _ q: Double) -> Double {
        p < 0.5 ? log1p(-p) : log(q)
    }

    /// The error of Stirling's formula, ln x! − ln(√(2πx)·(x/e)^x), for x > 0.
    static func stirlingError(_ x: Double) -> Double {
        if x < 16 {
            // Step up to where the series is accurate. The C library's lgamma
            // is no option, because it writes a global variable.
            var at = x
            var product = 1.0
            while at < 16 {
                at += 1
                product *= at
            }
            let logFactorial = logFactorialBySeries(at) - log(product)
            return logFactorial - stirling(x)
        }
        return series(x)
    }

    private static func logFactorialBySeries(_ x: Double) -> Double { stirling(x) + series(x) }

    private static func stirling(_ x: Double) -> Double {
        0.5 * log(2 * Double.pi * x) + x * (log(x) - 1)
    }

    private static func series(_ x: Double) -> Double {
        let square = x * x
        return
            (1 / 12.0
            - (1 / 360.0 - (1 / 1260.0 - (1 / 1680.0 - 1 / 1188.0 / square) / square) / square)
                / square)
            / x
    }

    /// x ln(x/m) + m − x, without cancellation where x and m are close.
    static func deviance(_ x: Double, _ m: Double) -> Double {
        guard abs(x - m) < 0.1 * (x + m) else { return x * log(x / m) + m - x }
        let ratio = (x - m) / (x + m)
        var sum = (x - m) * ratio
        var term = 2 * x * ratio
        // |ratio| < 0.1: each term is less than a hundredth of the previous one.
        for j in 1...64 {
            term *= ratio * ratio
            let next = sum + term / Double(2 * j + 1)
            if next == sum { break }
            sum = next
        }
        return sum
    }
}
