import Dispatch
import Synchronization

/// Runs work in parallel on all cores. Call it only from a thread that may block.
enum ParallelWork {
    /// Returns the results of `body` for 0 to `count` − 1, in order.
    ///
    /// - Parameter waits: Whether `body` waits for a network, so that more calls than cores are
    ///   useful.
    static func map<T: Sendable>(
        _ count: Int, waits: Bool = false, _ body: @Sendable (Int) -> T
    ) -> [T] {
        if count == 1 { return [body(0)] }
        let results = Mutex<[T?]>(Array(repeating: nil, count: count))
        if waits {
            let next = Mutex(0)
            // Each iteration is a thread's loop; a serial queue has a thread of its own.
            withoutActuallyEscaping(body) { body in
                let group = DispatchGroup()
                for _ in 0..<min(count, ReadPlan.atOnce) {
                    DispatchQueue(label: "bellwether.log.wait").async(group: group) {
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
                }
                group.wait()
            }
            return results.withLock { $0.compactMap { $0 } }
        }
        DispatchQueue.concurrentPerform(iterations: count) { i in
            let result = body(i)
            results.withLock { $0[i] = result }
        }
        return results.withLock { $0.compactMap { $0 } }
    }
}
