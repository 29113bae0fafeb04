/// The regularized incomplete beta function, which gives the binomial tails.
enum IncompleteBeta {
    /// I_x(a, b) for a, b > 0, with `y` = 1 − x as an argument of its own.
    ///
    /// The relative error is about 1e-13 where the result is small. Evaluates the
    /// continued fraction of NIST DLMF 8.17.22 by Lentz's method, on the side
    /// where it converges fast.
    static func regularized(x: Double, y: Double, a: Double, b: Double) -> Double {
        if x <= 0 { return 0 }
        if y <= 0 { return 1 }
        if x > (a + 1) / (a + b + 2) { return 1 - direct(x: y, y: x, a: b, b: a) }
        return direct(x: x, y: y, a: a, b: b)
    }

    /// The density of the beta distribution: the derivative of I_x(a, b) by x.
    static func density(x: Double, y: Double, a: Double, b: Double) -> Double {
        // x^(a−1)·y^(b−1)/B(a,b), written as a binomial probability.
        BinomialMass.probability(of: a, in: a + b, p: x, q: y) * a * b / ((a + b) * x * y)
    }

    private static func direct(x: Double, y: Double, a: Double, b: Double) -> Double {
        let front = BinomialMass.probability(of: a, in: a + b, p: x, q: y) * b / (a + b)
        return front == 0 ? 0 : front * fraction(x, a, b)
    }

    private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
        let tiny = 1e-300
        func kept(_ value: Double) -> Double { value.magnitude < tiny ? tiny : value }

        var c = 1.0
        var d = 1 / kept(1 - (a + b) * x / (a + 1))
        var result = d
        var m = 1.0
        // About √max(a, b) terms are enough. The limit bounds the time for absurd counts.
        let most = 100_000.0
        while m < most {
            let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            d = 1 / kept(1 + even * d)
            c = kept(1 + even / c)
            result *= d * c
            let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            d = 1 / kept(1 + odd * d)
            c = kept(1 + odd / c)
            let step = d * c
            result *= step
            if (step - 1).magnitude < 1e-15 { break }
            m += 1
        }
        return result
    }
}
