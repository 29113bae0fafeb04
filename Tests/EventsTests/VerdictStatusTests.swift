import Testing

@testable import Events

struct VerdictStatusTests {
    private static let all = VerdictStatus.allCases

    @Test func orderIsThatOfTheContract() {
        #expect(Self.all.sorted() == [.healthy, .degraded, .unknown, .unhealthy])
        #expect(Self.all.map(\.isDegraded) == [false, true, true, true])
    }

    /// `max` is the join: idempotent, commutative, associative, absorbing with `min`.
    @Test func statusesAreALattice() {
        for a in Self.all {
            #expect(max(a, a) == a)
            #expect(max(a, .healthy) == a)
            #expect(max(a, .unhealthy) == .unhealthy)
            for b in Self.all {
                #expect(max(a, b) == max(b, a))
                #expect(max(a, min(a, b)) == a)
                #expect(min(a, max(a, b)) == a)
                #expect((a < b) == (max(a, b) == b && a != b))
                for c in Self.all { #expect(max(max(a, b), c) == max(a, max(b, c))) }
            }
        }
    }
}
