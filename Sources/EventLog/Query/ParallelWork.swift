import Dispatch
import Synchronization

/// Runs work in parallel on all cores. Call it only from a thread that may block.
enum ParallelWork {
    /// Returns the results of `body` for 0 to `count` − 1, in order.
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
