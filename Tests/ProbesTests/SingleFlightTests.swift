import TestSupport
import Testing

@testable import Probes

@Suite("Shared work")
struct SingleFlightTests {
    @Test("many callers, one execution, one value")
    func shared() async throws {
        let flight = SingleFlight<String, Int>(limit: 4)
        let gate = Latch()
        let started = Counter()
        let work: @Sendable () async -> Int = {
            let number = started.add()
            await gate.pass()
            return number
        }
        let values = await withTaskGroup(of: Int?.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    guard case .value(let value) = await flight.join("k", work) else { return nil }
                    return value
                }
            }
            try? await eventually("all aboard") { flight.waiting("k") == 50 }
            gate.open()
            return await group.reduce(into: [Int?]()) { $0.append($1) }
        }
        #expect(values == Array(repeating: 1, count: 50))
        #expect(flight.count == 0)
    }

    @Test("one caller leaving does not affect the others")
    func leaving() async throws {
        let flight = SingleFlight<String, Bool>(limit: 4)
        let gate = Latch()
        let work: @Sendable () async -> Bool = {
            await gate.pass()
            return Task.isCancelled
        }
        let leaver = Task { await flight.join("k", work) }
        let stayer = Task { await flight.join("k", work) }
        try await eventually("both aboard") { flight.waiting("k") == 2 }
        leaver.cancel()
        guard case .cancelled = await leaver.value else {
            Issue.record("the leaver got a value")
            return
        }
        gate.open()
        guard case .value(let wasCancelled) = await stayer.value else {
            Issue.record("the stayer got none")
            return
        }
        #expect(!wasCancelled)
    }

    @Test("when all leave, the work is cancelled; a later caller starts it again")
    func abandoned() async throws {
        let flight = SingleFlight<String, Int>(limit: 1)
        let gate = Latch()
        let started = Counter()
        let work: @Sendable () async -> Int = {
            let number = started.add()
            if number == 1 { await gate.pass() }
            return number
        }
        let leaver = Task { await flight.join("k", work) }
        try await eventually("started") { started.value == 1 }
        leaver.cancel()
        _ = await leaver.value
        #expect(flight.count == 1)
        let late = Task { await flight.join("k", work) }
        try await eventually("waiting for the end of the first") { flight.waiting("k") == 1 }
        #expect(started.value == 1)
        gate.open()
        guard case .value(2) = await late.value else {
            Issue.record("not a fresh value")
            return
        }
    }

    @Test("a cancelled caller starts nothing")
    func cancelledBefore() async {
        let flight = SingleFlight<String, Int>(limit: 1)
        let started = Counter()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await flight.join("k") { started.add() }
        }
        guard case .cancelled = await task.value else {
            Issue.record("got a value")
            return
        }
        #expect(started.value == 0)
    }
}
