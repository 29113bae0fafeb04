import Events
import Testing

@testable import Shipping

@Suite("Who waits for lines in the bucket")
struct ShippingMarkTests {
    private let mark = ShippingMark()
    private let end = LogPosition(segment: 1, offset: 100)
    private static let long = Duration.seconds(3600)

    @Test("a wait ends when the mark has passed its end, and not before", arguments: [0, 3600])
    func passes(delay: Int) async {
        let (mark, end) = (mark, end)
        mark.set(term: 1, shipped: LogPosition(segment: 1, offset: 99))
        let waiting = Task {
            await mark.wait(for: end, within: Self.long, hurryAfter: .seconds(delay))
        }
        mark.set(term: 1, shipped: LogPosition(segment: 1, offset: 99))
        mark.set(term: 1, shipped: end)
        #expect(await waiting.value)
        // What is there already is waited for by nobody.
        #expect(await mark.wait(for: end, within: .zero))
        // The mark does not go back.
        mark.set(term: 2, shipped: .start)
        #expect(mark.value.shipped == end)
        #expect(mark.value.term == 2)
    }

    @Test("a wait ends after its time, when its task is cancelled, and when nothing comes any more")
    func ends() async {
        let (mark, end) = (mark, end)
        #expect(await !mark.wait(for: end, within: .milliseconds(10)))
        #expect(await !mark.wait(for: end, within: .milliseconds(10), hurryAfter: Self.long))
        for isCancelled in [true, false] {
            let waiting = Task { await mark.wait(for: end, within: Self.long) }
            // Returns once it waits.
            await mark.collect(for: Self.long)
            if isCancelled { waiting.cancel() } else { mark.end() }
            #expect(await !waiting.value)
        }
    }

    @Test("the shipper collects lines until somebody hurries it, at once or after a delay")
    func hurry() async {
        let (mark, end) = (mark, end)
        for delay in [Duration.zero, .milliseconds(20)] {
            let waiting = Task {
                await mark.wait(for: end, within: Self.long, hurryAfter: delay)
            }
            // Ends only because of the waiter: before it waits, or while this does.
            await mark.collect(for: Self.long)
            waiting.cancel()
            _ = await waiting.value
        }
        let collecting = Task { await mark.collect(for: Self.long) }
        collecting.cancel()
        await collecting.value
        await mark.collect(for: .milliseconds(1))
    }
}
