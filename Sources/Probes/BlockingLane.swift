import Dispatch

/// A serial queue for blocking calls of one probe.
///
/// A hanging call, such as on a dead network mount, delays this probe only and blocks no thread of
/// the cooperative pool.
public struct BlockingLane: Sendable {
    private let queue: DispatchQueue

    public init(_ label: String) { queue = DispatchQueue(label: "probe." + label) }

    /// Runs `work` after the earlier work of the lane. Cancellation does not interrupt it.
    public func run<T: Sendable>(_ work: @escaping @Sendable () -> T) async -> T {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }
}
