import Dispatch

/// Runs blocking calls away from the cooperative pool.
enum BlockingWork {
    private static let queue = DispatchQueue(
        label: "bellwether.journal.read", attributes: .concurrent)

    static func run<T: Sendable>(
        _ body: @escaping @Sendable () throws(JournalError) -> T
    ) async throws(JournalError) -> T {
        let result: Result<T, JournalError> = await withCheckedContinuation { continuation in
            queue.async {
                do throws(JournalError) {
                    continuation.resume(returning: .success(try body()))
                } catch { continuation.resume(returning: .failure(error)) }
            }
        }
        return try result.get()
    }
}
