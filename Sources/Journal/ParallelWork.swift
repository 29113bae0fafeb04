import Dispatch
import Synchronization

/// Runs pieces of work on the cores, from a thread that may block.
enum ParallelWork {
    /// What `body` gives for each of `count` places, in order.
    static func map<T: Sendable>(_ count: Int, _ body: @Sendable (Int) -> T) -> [T] {
        if count == 1 { return [body(0)] }
        let results = Mutex<[T?]>(Array(repeating: nil, count: count))
        DispatchQueue.concurrentPerform(iterations: count) { i in
            let result = body(i)
            results.withLock { $0[i] = result }
        }
        return results.withLock { $0.compactMap { $0 } }
    }
}
