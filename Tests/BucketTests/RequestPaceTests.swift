import Testing

@testable import Bucket

@Suite("The pace of requests to a store")
struct RequestPaceTests {
    private func request(_ pace: RequestPace, _ end: RequestPace.RequestEnd) async {
        let isAdmitted = await pace.enter()
        #expect(isAdmitted)
        pace.leave(end)
    }

    @Test("an overloaded store halves what runs at once, to one; successes add one at a time")
    func limit() async {
        let pace = RequestPace(most: 16)
        for limit in [8, 4, 2, 1, 1] {
            await request(pace, .busy)
            #expect(pace.limit == limit)
        }
        for limit in 2...16 {
            // As many successes as there are places.
            for _ in 1..<limit {
                #expect(pace.limit == limit - 1)
                await request(pace, .answered)
            }
            #expect(pace.limit == limit)
        }
        for _ in 0..<100 { await request(pace, .answered) }
        #expect(pace.limit == 16)
        // Who is called off says nothing about the store.
        await request(pace, .cancelled)
        #expect(pace.limit == 16)
    }

    @Test("all requests share one budget of retries, which successes refill by a fifth")
    func budget() async {
        let pace = RequestPace()
        var retries = 0
        while pace.takeRetry() { retries += 1 }
        #expect(retries == 20)
        for _ in 0..<4 { await request(pace, .answered) }
        let early = pace.takeRetry()
        #expect(!early)
        for _ in 0..<2 { await request(pace, .answered) }
        let refilled = pace.takeRetry()
        let another = pace.takeRetry()
        #expect(refilled && !another)
        await request(pace, .busy)
        let busy = pace.takeRetry()
        #expect(!busy)
    }
}
