import Dispatch
import Synchronization

/// Calls back who waited for lines, on a thread of its own: what they do with the answer does not
/// keep the writer from the next group. In the order of the lines. Thread-safe.
final class AppendAnswers: Sendable {
    typealias Reply = @Sendable (Result<AppendOutcome, JournalError>) -> Void

    private let waiting = Mutex<[(reply: Reply, result: Result<AppendOutcome, JournalError>)]>([])
    private let queue = DispatchQueue(label: "bellwether.log-answers", qos: .userInitiated)

    func add(_ reply: @escaping Reply, _ result: Result<AppendOutcome, JournalError>) {
        waiting.withLock { $0.append((reply, result)) }
    }

    /// Hands over what was added.
    func flush() {
        let answers = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        guard !answers.isEmpty else { return }
        queue.async { for (reply, result) in answers { reply(result) } }
    }

    /// Calls `done` after everything that was handed over.
    func whenDone(_ done: @escaping @Sendable () -> Void) { queue.async(execute: done) }
}
