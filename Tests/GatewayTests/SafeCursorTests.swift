import Events
import TestSupport
import Testing

@testable import Gateway

@Suite("The cursors of a forwarder")
struct SafeCursorTests {
    private func at(_ offset: Int) -> LogPosition {
        LogPosition(segment: 1, offset: UInt64(offset))
    }

    private func report(
        end: Int, shipped: Int, node: String = "a", term: Int = 1
    ) -> ForwardBatch.Shipping {
        .report(ShippedReport(node: node, term: term, end: at(end), shipped: at(shipped)))
    }

    @Test("without a bucket an acknowledged line is safe")
    func noBucket() {
        var cursor = SafeCursor(at: .start)
        #expect(cursor.acknowledge(upTo: at(10), .absent) == nil)
        #expect(cursor.sent == at(10) && cursor.safe == at(10) && cursor.isSafe)
        #expect(cursor.acknowledge(upTo: at(20), .unreported) == nil)
        #expect(cursor.safe == at(20))
    }

    @Test("rejected lines, which have no report, are safe with the lines before them")
    func unreported() {
        var cursor = SafeCursor(at: .start)
        _ = cursor.acknowledge(upTo: at(10), report(end: 100, shipped: 0))
        _ = cursor.acknowledge(upTo: at(20), .unreported)
        #expect(cursor.sent == at(20) && cursor.safe == .start)
        #expect(cursor.confirm(report(end: 100, shipped: 100)) == nil)
        #expect(cursor.safe == at(20) && cursor.isSafe)
    }

    @Test("a report that cannot be read keeps its lines unsafe until one can be")
    func unreadable() {
        var cursor = SafeCursor(at: .start)
        _ = cursor.acknowledge(upTo: at(10), .unreadable("x"))
        #expect(cursor.sent == at(10) && cursor.safe == .start && !cursor.isSafe)
        #expect(cursor.confirm(.unreadable("x")) == nil)
        // The first one that can be read belongs to an unknown notifier.
        #expect(cursor.confirm(report(end: 500, shipped: 500)) == .otherNotifier)
        cursor.goBack()
        #expect(cursor.sent == .start)

        var other = SafeCursor(at: .start)
        _ = other.acknowledge(upTo: at(10), .unreadable("x"))
        #expect(other.acknowledge(upTo: at(20), .absent) == nil)
        #expect(other.safe == at(20) && other.isSafe)
    }

    @Test("another node, another term, none, or one that lost lines: back to what is safe")
    func others() {
        let answers: [(ForwardBatch.Shipping, SafeCursor.Reason)] = [
            (report(end: 300, shipped: 0, node: "b"), .otherNotifier),
            (report(end: 300, shipped: 0, term: 2), .otherNotifier), (.absent, .otherNotifier),
            (report(end: 90, shipped: 60), .lostLines), (report(end: 300, shipped: 40), .lostLines),
        ]
        for (answer, reason) in answers {
            for isQuestion in [false, true] {
                var cursor = SafeCursor(at: .start)
                _ = cursor.acknowledge(upTo: at(10), report(end: 50, shipped: 0))
                _ = cursor.acknowledge(upTo: at(20), report(end: 100, shipped: 60))
                #expect(cursor.safe == at(10) && cursor.sent == at(20))
                let found =
                    isQuestion
                    ? cursor.confirm(answer) : cursor.acknowledge(upTo: at(30), answer)
                #expect(found == reason)
                cursor.goBack()
                #expect(cursor.sent == at(10) && cursor.safe == at(10) && cursor.isSafe)
                // The same answer is now the one to go on with.
                #expect(cursor.acknowledge(upTo: at(20), answer) == nil)
            }
        }
    }

    @Test("while everything is safe, another notifier may take over without a return")
    func takeoverAtRest() {
        var cursor = SafeCursor(at: .start)
        _ = cursor.acknowledge(upTo: at(10), report(end: 50, shipped: 50))
        #expect(cursor.isSafe)
        #expect(
            cursor.acknowledge(upTo: at(20), report(end: 10, shipped: 10, node: "b", term: 2))
                == nil)
        #expect(cursor.safe == at(20))
    }

    @Test("a bucket that is away for long costs a bounded memory, and loses no line")
    func bounded() {
        var cursor = SafeCursor(at: .start)
        let count = 5 * SafeCursor.most
        for n in 1...count { _ = cursor.acknowledge(upTo: at(n), report(end: n, shipped: 0)) }
        #expect(cursor.sent == at(count))
        _ = cursor.confirm(report(end: count, shipped: SafeCursor.most - 1))
        #expect(cursor.safe == at(SafeCursor.most - 1))
        // The joined entries become safe together, never too early.
        _ = cursor.confirm(report(end: count, shipped: count - 1))
        #expect(cursor.safe == at(SafeCursor.most - 1))
        _ = cursor.confirm(report(end: count, shipped: count))
        #expect(cursor.safe == at(count))
    }

    /// A notifier's log and its bucket, and a gateway that sends numbered lines.
    private struct World {
        var random: SeededRandom
        var cursor = SafeCursor(at: .start)
        /// The number of lines in the gateway's log.
        var lines = 0
        /// The lines of the notifier's log in order, each once, and how many are in the bucket.
        var log: [Int] = []
        var shipped = 0
        var term = 1

        func receipt() -> ForwardBatch.Shipping {
            .report(
                ShippedReport(
                    node: "n", term: term,
                    end: LogPosition(segment: 1, offset: UInt64(log.count)),
                    shipped: LogPosition(segment: 1, offset: UInt64(shipped))))
        }

        mutating func store(_ range: Range<Int>) {
            for line in range where !log.contains(line) { log.append(line) }
        }

        mutating func step() {
            let sent = Int(cursor.sent.offset)
            var reason: SafeCursor.Reason?
            switch Int.random(in: 0..<10, using: &random) {
            case 0, 1: lines += Int.random(in: 1...5, using: &random)
            case 2...5 where sent < lines:
                let end = Int.random(in: sent + 1...lines, using: &random)
                store(sent..<end)
                // An answer that is lost moves nothing.
                guard Int.random(in: 0..<8, using: &random) > 0 else { return }
                reason = cursor.acknowledge(
                    upTo: LogPosition(segment: 1, offset: UInt64(end)), receipt())
            case 6 where !cursor.isSafe:
                store(Int(cursor.safe.offset)..<Int(cursor.safe.offset) + 1)
                reason = cursor.confirm(receipt())
            case 7, 8: shipped = Int.random(in: shipped...log.count, using: &random)
            case 9 where Int.random(in: 0..<4, using: &random) == 0:
                // The machine is lost with all that is not in the bucket.
                log.removeLast(log.count - shipped)
                term += 1
            case 9 where Int.random(in: 0..<4, using: &random) == 0:
                // The gateway restarts from its durable cursor.
                cursor = SafeCursor(at: cursor.safe)
            default: break
            }
            if reason != nil { cursor.goBack() }
        }
    }

    @Test("whatever is lost and when: a line that counts as safe is in the bucket")
    func simulation() {
        for seed in 0..<100 as Range<UInt64> {
            var world = World(random: SeededRandom(seed: seed))
            for step in 0..<200 {
                world.step()
                let bucket = Set(world.log[..<world.shipped])
                let safe = Int(world.cursor.safe.offset)
                guard bucket.isSuperset(of: 0..<safe) else {
                    Issue.record("seed \(seed), step \(step): a safe line is not in the bucket")
                    return
                }
                #expect(world.cursor.safe <= world.cursor.sent)
            }
            // In the end everything arrives, and counts as safe.
            for _ in 0..<4 {
                world.store(Int(world.cursor.sent.offset)..<world.lines)
                world.shipped = world.log.count
                let end = LogPosition(segment: 1, offset: UInt64(world.lines))
                if world.cursor.acknowledge(upTo: end, world.receipt()) != nil {
                    world.cursor.goBack()
                }
            }
            #expect(Int(world.cursor.safe.offset) == world.lines, "seed \(seed)")
            #expect(Set(world.log) == Set(0..<world.lines), "seed \(seed)")
        }
    }
}
