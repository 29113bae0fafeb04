import Foundation
import TestSupport
import Testing

@testable import App

@Suite("What the allocator keeps", .serialized)
struct MemorySlackTests {
    /// Blocks of a body's size between small ones that stay.
    private static func litter() -> [[UInt8]] {
        var stay: [[UInt8]] = []
        var bodies: [[UInt8]] = []
        for n in 0..<400 {
            // Below what glibc would map apart.
            bodies.append([UInt8](repeating: 1, count: 120_000))
            stay.append([UInt8](repeating: 2, count: 5000 + n % 7))
        }
        bodies = []
        return stay
    }

    @Test("it is given back while the process grows, until cancelled")
    func keepSmall() async throws {
        guard let idle = MemorySlack.privateBytes() else {
            #if os(Linux)
                Issue.record("the system does not tell how much memory there is")
            #endif
            return
        }
        let clock = ManualClock()
        let keeping = Task { await MemorySlack.keepSmall(clock: clock) }
        let stay = Self.litter()
        // 48 MB of blocks, of which nothing but the small ones is in use.
        #expect(MemorySlack.privateBytes() ?? 0 > idle + (30 << 20))
        try await eventually("what is free is given back") {
            clock.advance(by: .seconds(1))
            return MemorySlack.privateBytes() ?? .max < idle + (12 << 20)
        }
        #expect(stay.count == 400)
        keeping.cancel()
        await keeping.value
    }
}
