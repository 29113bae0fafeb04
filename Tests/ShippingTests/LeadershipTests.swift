import Synchronization
import TestSupport
import Testing

@testable import Shipping

@Suite("Whether a node leads")
struct LeadershipTests {
    @Test("a lease that has run out ends what a node may do, without a call")
    func lease() {
        let leadership = Leadership(.following)
        #expect(!leadership.canAct)
        leadership.lead("https://a", term: 1, until: .now + .seconds(3600))
        #expect(leadership.canAct)
        leadership.lead("https://a", term: 1, until: .now - .milliseconds(1))
        #expect(!leadership.canAct)
        #expect(leadership.status.role == .leading)
        leadership.goOnAlone()
        #expect(leadership.canAct)
        leadership.end()
        // Nothing revives a life that is over.
        leadership.lead("https://a", term: 2, until: .now + .seconds(3600))
        #expect(!leadership.canAct)
        #expect(leadership.status.role == .ended)
    }

    @Test("a node without a second one always acts")
    func sole() {
        #expect(Leadership(.leading).canAct)
    }

    @Test("who waits for the lead goes on when the node leads, when it ends, and when cancelled")
    func waiting() async throws {
        let leadership = Leadership(.following)
        let leading = Task { await leadership.untilLeading() }
        leadership.lead("https://a", term: 1, until: .now + .seconds(3600))
        await leading.value
        let other = Leadership(.following)
        let cancelled = Task { await other.untilLeading() }
        cancelled.cancel()
        await cancelled.value
        let ended = Task { await other.untilLeading() }
        other.end()
        await ended.value
    }
}
