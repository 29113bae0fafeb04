import Dispatch
import Synchronization

/// Delivers the results of appends on a serial queue of its own, in the order of the lines.
///
/// The writer thread does not wait for the callbacks. Thread-safe.
final class AppendAnswers: Sendable {
    typealias Reply = @Sendable (Result<AppendOutcome, EventLogError>) -> Void

    private let waiting = Mutex<[(reply: Reply, result: Result<AppendOutcome, EventLogError>)]>([])
    private let queue = DispatchQueue(label: "bellwether.log-answers", qos: .userInitiated)

    func add(_ reply: @escaping Reply, _ result: Result<AppendOutcome, EventLogError>) {
        waiting.withLock { $0.append((reply, result)) }
    }

    /// Schedules the callbacks added so far.
    func flush() {
        let answers = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        guard !answers.isEmpty else { return }
        queue.async { for (reply, result) in answers { reply(result) } }
    }

    /// Calls `done` after all callbacks scheduled so far.
    func whenDone(_ done: @escaping @Sendable () -> Void) { queue.async(execute: done) }
}
