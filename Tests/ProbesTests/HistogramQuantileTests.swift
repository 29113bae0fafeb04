import Testing

@testable import Probes

@Suite("The quantile of a histogram")
struct HistogramQuantileTests {
    let edges: [Double] = [100, 200, 500, .infinity]

    @Test(
        "interpolation, calculated by hand",
        arguments: [
            // Rank 50 of 100 in the first bucket (80): 100 · 50/80.
            (0.5, [80, 90, 98, 100], 62.5),
            // Rank 95: 200 + 300 · (95 − 90)/8.
            (0.95, [80, 90, 98, 100], 387.5),
            // Exactly at an edge.
            (0.9, [80, 90, 98, 100], 200),
            // Above the highest finite edge: that edge.
            (0.99, [80, 90, 98, 100], 500),
            // The first bucket starts at 0.
            (0.0, [80, 90, 98, 100], 0),
            // Empty buckets in between are skipped.
            (0.99, [0, 0, 100, 100], 497),
            (0.5, [0, 0, 0, 7], 500),
        ] as [(Double, [Double], Double)])
    func interpolation(quantile: Double, cumulative: [Double], expected: Double) throws {
        let value = try #require(
            HistogramQuantile.value(quantile, edges: edges, cumulative: cumulative))
        #expect(abs(value - expected) < 1e-9)
    }

    @Test("no result without observations, edges or +Inf")
    func undefined() {
        #expect(HistogramQuantile.value(0.9, edges: edges, cumulative: [0, 0, 0, 0]) == nil)
        #expect(HistogramQuantile.value(0.9, edges: [.infinity], cumulative: [5]) == nil)
        for quantile in [0, 0.2, 0.9] {
            let edges = [-Double.infinity, 100, .infinity]
            #expect(HistogramQuantile.value(quantile, edges: edges, cumulative: [1, 3, 3]) == nil)
        }
        #expect(HistogramQuantile.value(0.9, edges: [1, 2], cumulative: [5, 6]) == nil)
        #expect(HistogramQuantile.value(0.9, edges: [], cumulative: []) == nil)
    }

    @Test("a first edge at or below zero is the result itself")
    func negative() {
        #expect(
            HistogramQuantile.value(0.1, edges: [-5, 5, .infinity], cumulative: [9, 9, 10]) == -5)
    }
}
