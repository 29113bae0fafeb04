import Core
import TestSupport
import Testing

@Suite("OneTimeSignal")
struct OneTimeSignalTests {
    @Test("all waits end when it is given, those that begin later at once")
    func given() async {
        let signal = OneTimeSignal()
        let begun = TestGate()
        begun.open()
        let waiting = (0..<50).map { _ in
            Task {
                await begun.pass()
                await signal.wait()
                return signal.isGiven
            }
        }
        await begun.arrivals(50)
        #expect(!signal.isGiven)
        signal.give()
        signal.give()
        for task in waiting { #expect(await task.value) }
        await signal.wait()
    }

    @Test("a cancelled wait ends without it, before and after it began")
    func cancelled() async {
        let signal = OneTimeSignal()
        for number in 0..<200 {
            let waiting = Task { await signal.wait() }
            if number.isMultiple(of: 2) { await Task.yield() }
            waiting.cancel()
            await waiting.value
        }
        #expect(!signal.isGiven)
    }
}
