import Events

/// Computes the quantile of a histogram as Prometheus' `histogram_quantile`: linear interpolation
/// in the bucket that contains the rank.
enum HistogramQuantile {
    /// - Parameters:
    ///   - quantile: 0...1.
    ///   - edges: Upper bucket edges, ascending, the last +infinity.
    ///   - cumulative: Observations at or below each edge, never decreasing.
    /// - Returns: A finite value in the edges' unit, or the highest finite edge if the rank lies
    ///   above it. nil without observations, with fewer than two buckets, or if an edge is
    ///   -infinity and leaves no value.
    static func value(_ quantile: Double, edges: [Double], cumulative: [Double]) -> Double? {
        interpolated(quantile, edges, cumulative).flatMap { $0.isFinite ? $0 : nil }
    }

    /// Why the counts are not those of one histogram: one is lower than the one before by more than
    /// rounding, or requests during the scrape, explain. nil if none is.
    ///
    /// - Parameter counts: Cumulative counts by upper edge in milliseconds.
    static func disorder(of counts: [Double: Double]) -> MissingData? {
        let tolerance = max(leastTolerance, (counts.values.max() ?? 0) / toleratedShare)
        var highest = (edge: -Double.infinity, count: 0.0)
        for (edge, count) in counts.sorted(by: { $0.key < $1.key }) {
            if count > highest.count { highest = (edge, count) }
            guard highest.count - count <= tolerance else {
                return MissingData(
                    .garbage,
                    "\(count) requests up to \(edge) ms, but \(highest.count) up to \(highest.edge) ms: these buckets are not cumulative"
                )
            }
        }
        return nil
    }

    private static let leastTolerance = 2.0
    private static let toleratedShare = 200.0

    private static func interpolated(
        _ quantile: Double, _ edges: [Double], _ cumulative: [Double]
    ) -> Double? {
        let last = edges.count - 1
        guard last >= 1, cumulative.count == edges.count, edges[last] == .infinity,
            cumulative[last] > 0
        else { return nil }
        var rank = quantile * cumulative[last]
        let bucket = cumulative[..<last].firstIndex { $0 >= rank } ?? last
        if bucket == last { return edges[last - 1] }
        if bucket == 0 && edges[0] <= 0 { return edges[0] }
        let start = bucket == 0 ? 0 : edges[bucket - 1]
        let before = bucket == 0 ? 0 : cumulative[bucket - 1]
        let count = cumulative[bucket] - before
        rank -= before
        // An empty bucket contains the rank only if the rank is 0.
        guard count > 0 else { return start }
        return start + (edges[bucket] - start) * (rank / count)
    }
}
