/// A latency histogram: ascending upper bucket edges in milliseconds, and cumulative counts.
public struct LatencyBuckets: Sendable, Hashable {
    public let edges: [Double]
    public let cumulative: [Double]

    /// Nil unless there are as many counts as edges, both ascend, and no count is negative.
    public init?(edges: [Double], cumulative: [Double]) {
        guard !edges.isEmpty, edges.count == cumulative.count, cumulative[0] >= 0,
            cumulative.allSatisfy(\.isFinite), edges.allSatisfy({ !$0.isNaN }),
            zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 }),
            zip(cumulative, cumulative.dropFirst()).allSatisfy({ $0 <= $1 })
        else { return nil }
        self.edges = edges
        self.cumulative = cumulative
    }

    /// The number of requests.
    public var total: Double { cumulative.last ?? 0 }

    /// The quantile, interpolated like Prometheus' `histogram_quantile`.
    ///
    /// Linear within a bucket; the lowest bucket starts at 0. In a bucket with an
    /// infinite edge, the last finite edge. Nil without requests or finite edge.
    public func quantile(_ q: Double) -> Double? {
        guard total > 0 else { return nil }
        let rank = q * total
        let bucket = self.bucket(ofRank: rank) ?? edges.count - 1
        guard edges[bucket].isFinite else { return bucket > 0 ? edges[bucket - 1] : nil }
        if bucket == 0, edges[0] <= 0 { return edges[0] }
        let below = bucket == 0 ? 0 : cumulative[bucket - 1]
        let start = bucket == 0 ? 0 : edges[bucket - 1]
        let inside = cumulative[bucket] - below
        guard inside > 0 else { return edges[bucket] }
        return start + (edges[bucket] - start) * ((rank - below) / inside)
    }

    /// Whether the quantile lies above the highest finite edge, so that only this edge is known to be
    /// exceeded.
    func isAboveEdges(_ q: Double) -> Bool {
        guard total > 0, edges.last == .infinity else { return false }
        // A rank that is equal but for rounding is at the edge.
        let bucket = self.bucket(ofRank: q * total * (1 - 1e-12)) ?? edges.count - 1
        return bucket == edges.count - 1
    }

    /// The first bucket whose cumulative count reaches the rank; nil if none does.
    func bucket(ofRank rank: Double) -> Int? { cumulative.firstIndex { $0 >= rank } }

    /// The number of requests above the first edge that is at least `tau`, and that
    /// edge. Nil if there is no such finite edge.
    func exceeding(_ tau: Double) -> (edge: Double, count: Double)? {
        guard let bucket = edges.firstIndex(where: { $0 >= tau }), edges[bucket].isFinite else {
            return nil
        }
        return (edges[bucket], total - cumulative[bucket])
    }
}
