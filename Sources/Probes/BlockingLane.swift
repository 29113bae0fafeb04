import Dispatch

/// A queue of a probe's own for calls that may block, so that a dead network
/// mount holds up this probe alone and never a thread of the cooperative pool.
public struct BlockingLane: Sendable {
    private let queue: DispatchQueue

    public init(_ label: String) { queue = DispatchQueue(label: "probe." + label) }

    /// Runs `work` after whatever the lane still has to do. Cancellation does
    /// not interrupt it.
    public func run<T: Sendable>(_ work: @escaping @Sendable () -> T) async -> T {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }
}
