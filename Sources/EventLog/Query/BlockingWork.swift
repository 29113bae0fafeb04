import Dispatch

/// Runs blocking calls on a dispatch queue, outside the cooperative pool.
enum BlockingWork {
    private static let queue = DispatchQueue(
        label: "bellwether.journal.read", attributes: .concurrent)

    static func run<T: Sendable, Fault: Error>(
        _ body: @escaping @Sendable () throws(Fault) -> T
    ) async throws(Fault) -> T {
        let result: Result<T, Fault> = await withCheckedContinuation { continuation in
            queue.async {
                do throws(Fault) {
                    continuation.resume(returning: .success(try body()))
                } catch { continuation.resume(returning: .failure(error)) }
            }
        }
        return try result.get()
    }

    /// Runs `body` the same way without waiting for it.
    static func start(_ body: @escaping @Sendable () -> Void) { queue.async(execute: body) }
}
