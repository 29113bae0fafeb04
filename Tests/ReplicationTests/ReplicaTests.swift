import Events
import Testing

@testable import Replication

@Suite("One node's part in the agreement")
struct ReplicaTests {
    private func replica(_ name: String, lease: Duration) -> Replica {
        Replica(
            Replica.Rules(lease: lease), cluster: "c", node: name, writer: name, now: .zero)
    }

    /// The first object of a leader that has just taken over.
    private func lead(_ leader: inout Replica) throws -> LogObject {
        let first = leader.takeOver(at: .start, now: .zero)
        let object = try #require(first)
        leader.settle(.stands, now: .zero)
        #expect(leader.role == .leading)
        return object
    }

    @Test("a follower with a shorter lease waits as long as the leader may act")
    func longerLease() throws {
        var leader = replica("a", lease: .seconds(60))
        let object = try lead(&leader)
        #expect(try LogObject(text: object.text) == object)
        var follower = replica("b", lease: .seconds(2))
        follower.saw(object, now: .seconds(1))
        #expect(leader.canAct(.seconds(53)))
        #expect(!follower.isTakeoverDue(.seconds(60)))
        #expect(follower.isTakeoverDue(.seconds(61)))
    }

    @Test("a follower with a longer lease waits for its own")
    func shorterLease() throws {
        var leader = replica("a", lease: .seconds(2))
        let object = try lead(&leader)
        var follower = replica("b", lease: .seconds(10))
        follower.saw(object, now: .zero)
        #expect(!follower.isTakeoverDue(.seconds(9)))
        #expect(follower.isTakeoverDue(.seconds(10)))
    }

    @Test("a follower knows its leader's version; a pending object keeps its own")
    func version() throws {
        var leader = replica("a", lease: .seconds(2))
        leader.version = NodeVersion(policy: "p1", binary: "b1")
        let object = try lead(&leader)
        #expect(object.version == leader.version)
        var follower = replica("b", lease: .seconds(2))
        follower.saw(object, now: .zero)
        #expect(follower.leaderVersion == NodeVersion(policy: "p1", binary: "b1"))
        // The outcome of an object is not known when the configuration is reloaded: it is tried
        // again with the same bytes.
        let beat = leader.write(.beat, from: .start, to: .start, now: .milliseconds(1))
        leader.version.policy = "p2"
        #expect(leader.pending == beat)
        #expect(beat?.version.policy == "p1")
        leader.settle(.stands, now: .milliseconds(2))
        let next = leader.write(.beat, from: .start, to: .start, now: .milliseconds(3))
        #expect(next?.version.policy == "p2")
    }

    @Test("no object makes a follower wait longer than the longest lease")
    func hugeLease() throws {
        var leader = replica("a", lease: .seconds(2))
        var object = try lead(&leader)
        object.lease = 1 << 53
        var follower = replica("b", lease: .seconds(2))
        follower.saw(object, now: .zero)
        #expect(!follower.isTakeoverDue(.seconds(299)))
        #expect(follower.isTakeoverDue(.seconds(300)))
    }
}
