import Events

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Tails of Binomial(n, p), `q` = 1 − p.
enum BinomialTail {
    /// P(X ≥ x).
    static func atLeast(_ x: Double, of n: Double, p: Double, q: Double) -> Double {
        if x <= 0 { return 1 }
        if x > n { return 0 }
        return IncompleteBeta.regularized(x: p, y: q, a: x, b: n - x + 1)
    }

    /// P(X ≤ x).
    static func atMost(_ x: Double, of n: Double, p: Double, q: Double) -> Double {
        if x < 0 { return 0 }
        if x >= n { return 1 }
        return IncompleteBeta.regularized(x: q, y: p, a: n - x, b: x + 1)
    }

    /// The smallest whole k with P(X ≤ k) ≥ level, with a relative tolerance of 1e-12.
    static func quantile(_ level: Double, of n: Int, p: Double) -> Int {
        guard n > 0, level > 0, (0...1).contains(p) else { return 0 }
        if level >= 1 { return n }
        let (count, q) = (Double(n), 1 - p)
        let least = level * (1 - 1e-12)
        func reaches(_ k: Int) -> Bool { atMost(Double(k), of: count, p: p, q: q) >= least }

        // Widen from the mean until the quantile is enclosed, then bisect.
        let spread = max(1, Int(saturating: (count * p * q).squareRoot()))
        var low = min(max(Int(saturating: count * p), 0), n)
        var high = low
        var step = spread
        while high < n, !reaches(high) {
            low = high
            high = min(n, high +| step)
            step = step *| 2
        }
        step = spread
        while low > 0, reaches(low) {
            high = low
            low = max(0, low -| step)
            step = step *| 2
        }
        if low == 0, reaches(0) { return 0 }
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if reaches(middle) { high = middle } else { low = middle }
        }
        return high
    }
}
