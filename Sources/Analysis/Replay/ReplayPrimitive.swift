import JSON

/// The functions of the judge, by their names in the test vectors.
enum ReplayPrimitive {
    /// Calls a function; nil if it is unknown or the arguments do not fit.
    static func value(of function: String, _ arguments: [JSONValue]) -> JSONValue? {
        let numbers = arguments.compactMap(\.extendedDouble)
        func takes(_ count: Int) -> [Double]? {
            arguments.count == count && numbers.count == count ? numbers : nil
        }
        switch function {
        case "cp_lower":
            return takes(3).map { JSONValue(ClopperPearson.lower($0[0], of: $0[1], alpha: $0[2])) }
        case "cp_upper":
            return takes(3).map { JSONValue(ClopperPearson.upper($0[0], of: $0[1], alpha: $0[2])) }
        case "p_ratio", "p_window":
            return takes(5).map { JSONValue(RateRatioTest.pValue(counts($0), rho: $0[4])) }
        case "p_fisher": return takes(4).map { JSONValue(FisherExact.pValue(counts($0))) }
        case "ratio": return takes(4).map { JSONValue(RateRatioTest.smoothedRatio(counts($0))) }
        case "n_certify":
            return takes(2).map { JSONValue(ClopperPearson.sampleToCertify($0[0], alpha: $0[1])) }
        case "rank_lo":
            guard let numbers = takes(3), let n = Int(exactly: numbers[0]) else { return nil }
            return JSONValue(
                OrderStatisticRanks.low(of: n, quantile: numbers[1], alpha: numbers[2]))
        case "rank_hi":
            guard let numbers = takes(3), let n = Int(exactly: numbers[0]) else { return nil }
            return JSONValue(
                OrderStatisticRanks.high(of: n, quantile: numbers[1], alpha: numbers[2]))
        case "dispersion":
            var dispersion = Dispersion()
            for window in arguments.first?.elements ?? [] {
                guard let x = window[0]?.double, let n = window[1]?.double else { return nil }
                dispersion.add(failing: x, of: n)
            }
            return JSONValue(dispersion.phi)
        case "quantile":
            guard arguments.count == 3, let q = arguments[2].double,
                let buckets = LatencyBuckets(edges: arguments[0], cumulative: arguments[1])
            else { return nil }
            return JSONValue(buckets.quantile(q))
        case "e", "mixture", "p_run":
            // Windows, then rho (default 1.5), then phi (default 1).
            guard let windows = arguments.first?.elements else { return nil }
            let rho = arguments.dropFirst().first?.double ?? 1.5
            let phi = arguments.dropFirst(2).first?.double ?? 1
            // At level 0 no run fails, so nothing is cleared: the function alone.
            let run = RunEvidence(windows: windows, rho: rho, phi: phi, alpha: 0)
            guard let run else { return nil }
            return JSONValue(function == "p_run" ? run.pRun : run.e(phi: phi))
        default: return nil
        }
    }

    private static func counts(_ numbers: [Double]) -> WindowCounts {
        WindowCounts(canary: (numbers[0], numbers[1]), stable: (numbers[2], numbers[3]))
    }
}

extension RunEvidence {
    /// The evidence of `[x1,n1,x0,n0]` windows, ascending; nil for any other form.
    init?(windows: [JSONValue], rho: Double, phi: Double, alpha: Double) {
        self.init()
        for (index, window) in windows.enumerated() {
            guard let counts = WindowCounts(window: window) else { return nil }
            fold(
                EvidenceStep(
                    window: Int64(index), counts: counts, rho: rho, phi: phi, alpha: alpha))
        }
    }
}

extension WindowCounts {
    init?(window: JSONValue) {
        guard let numbers = window.elements?.compactMap(\.double), numbers.count == 4 else {
            return nil
        }
        self.init(canary: (numbers[0], numbers[1]), stable: (numbers[2], numbers[3]))
    }
}

extension LatencyBuckets {
    init?(edges: JSONValue?, cumulative: JSONValue?) {
        guard let edges = edges?.elements, let cumulative = cumulative?.elements else { return nil }
        self.init(
            edges: edges.compactMap(\.extendedDouble),
            cumulative: cumulative.compactMap(\.extendedDouble))
    }
}
