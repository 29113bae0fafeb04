import Testing

@testable import Server

@Suite struct TokenBucketTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant {
        start.advanced(by: .seconds(seconds))
    }

    /// `#expect` cannot contain a mutating call.
    private func expect(
        _ condition: Bool, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(condition, sourceLocation: sourceLocation)
    }

    @Test func letsABurstThroughAndThenTheRate() {
        let rate = TokenBucket.Rate(burst: 3, perSecond: 0.5)
        var bucket = TokenBucket(rate, at: start)
        for left in [2, 1, 0] {
            expect(bucket.take(rate, at: start))
            #expect(bucket.remaining(rate, at: start) == left)
        }
        expect(!bucket.take(rate, at: start))
        #expect(bucket.wait(rate, at: start) == .seconds(2))
        expect(!bucket.take(rate, at: at(1.9)))
        expect(bucket.take(rate, at: at(2)))
        expect(!bucket.take(rate, at: at(2)))
        // A long pause fills the bucket, but no further than its capacity.
        #expect(bucket.remaining(rate, at: at(1000)) == 3)
        #expect(bucket.wait(rate, at: at(1000)) == .zero)
    }

    @Test func timeThatStepsBackGivesNothing() {
        let rate = TokenBucket.Rate(burst: 1, perSecond: 1)
        var bucket = TokenBucket(rate, at: at(10))
        expect(bucket.take(rate, at: at(10)))
        expect(!bucket.take(rate, at: at(5)))
        expect(!bucket.take(rate, at: at(10.5)))
        expect(bucket.take(rate, at: at(11)))
    }

    @Test func aRateOfNothingNeverFills() {
        let rate = TokenBucket.Rate(burst: 1, perSecond: 0)
        var bucket = TokenBucket(rate, at: start)
        expect(bucket.take(rate, at: start))
        #expect(bucket.wait(rate, at: at(1e6)) == nil)
    }

    @Test func aTableKeepsKeysApartInBoundedMemory() {
        var table = BucketTable<Int>(rate: TokenBucket.Rate(burst: 1, perSecond: 0), capacity: 10)
        expect(table.take(-1, at: start))
        expect(!table.take(-1, at: start))
        for key in 0..<1000 {
            expect(table.take(key, at: start))
            #expect(table.count <= 20)
            // A key that is used repeatedly is kept.
            expect(!table.take(-1, at: start))
        }
    }

    @Test func refusalsAreMeteredByPeerAndInAll() {
        var meter = RefusalMeter(
            perPeer: TokenBucket.Rate(burst: 2, perSecond: 0.1),
            total: TokenBucket.Rate(burst: 4, perSecond: 1), capacity: 2, at: start)
        expect(meter.admit("a", at: start) == 0)
        expect(meter.admit("a", at: start) == 0)
        for _ in 0..<5 { expect(meter.admit("a", at: start) == nil) }
        // Another peer is not limited by it.
        expect(meter.admit("b", at: start) == 5)
        expect(meter.admit("a", at: at(10)) == 0)
        // The total is limited too, and unreported refusals are still counted.
        var reported = 0
        var suppressed = 0
        for peer in 0..<100 {
            if let count = meter.admit("p\(peer)", at: at(10)) {
                reported += 1
                suppressed += count
            }
        }
        #expect(reported == 3)
        expect(meter.admit("z", at: at(20)) == 97)
        #expect(suppressed == 0)
    }
}
