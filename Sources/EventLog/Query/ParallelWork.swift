import Core
import Dispatch
import Synchronization

/// Runs work in parallel on all cores, or on half of them for work of low priority. Call it only
/// from a thread that may block.
enum ParallelWork {
    /// Returns the results of `body` for 0 to `count` − 1, in order.
    ///
    /// - Parameter waits: Whether `body` waits for a network, so that more calls than cores are
    ///   useful.
    static func map<T: Sendable>(
        _ count: Int, waits: Bool = false, _ body: @Sendable (Int) -> T
    ) -> [T] {
        let isLow = BlockingExecutor.isLow && !waits
        if count == 1 || isLow && BlockingExecutor.lowWidth == 1 { return (0..<count).map(body) }
        let results = Mutex<[T?]>(Array(repeating: nil, count: count))
        let next = Mutex(0)
        // Does what no other thread has begun.
        @Sendable func work(_ body: @Sendable (Int) -> T) {
            while true {
                let i = next.withLock { next in
                    defer { next += 1 }
                    return next
                }
                guard i < count else { return }
                let result = body(i)
                results.withLock { $0[i] = result }
            }
        }
        if waits {
            // A serial queue has a thread of its own.
            withoutActuallyEscaping(body) { body in
                let group = DispatchGroup()
                for _ in 0..<min(count, ReadPlan.atOnce) {
                    DispatchQueue(label: "bellwether.log.wait").async(group: group) { work(body) }
                }
                group.wait()
            }
        } else if isLow {
            let width = min(count, BlockingExecutor.lowWidth)
            DispatchQueue.concurrentPerform(iterations: width) { _ in work(body) }
        } else {
            DispatchQueue.concurrentPerform(iterations: count) { i in
                let result = body(i)
                results.withLock { $0[i] = result }
            }
        }
        return results.withLock { $0.compactMap { $0 } }
    }
}
