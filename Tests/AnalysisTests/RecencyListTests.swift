import TestSupport
import Testing

@testable import Analysis

struct RecencyListTests {
    /// Compared with a simple model: an array, oldest first.
    @Test func behavesLikeAnArray() {
        var random = SeededRandom(seed: 7)
        var list = RecencyList()
        var model: [String] = []
        for _ in 0..<5000 {
            let key = "k\(Int.random(in: 0..<12, using: &random))"
            if Int.random(in: 0..<3, using: &random) == 0 {
                list.remove(key)
                model.removeAll { $0 == key }
            } else {
                list.touch(key)
                model.removeAll { $0 == key }
                model.append(key)
            }
            #expect(list.leastRecent { _ in true } == model.first)
            let busy = model.first
            #expect(list.leastRecent { $0 != busy } == model.dropFirst().first)
        }
    }
}
