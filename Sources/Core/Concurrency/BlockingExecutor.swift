import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs blocking calls on threads of its own, at most `width` at once.
///
/// A blocking call must run neither on the cooperative pool nor on an event loop. Users that must not
/// wait for each other have an executor each: a hanging call, such as on a dead network mount, then
/// delays only the work of its own executor. Thread-safe.
public final class BlockingExecutor: Sendable {
    /// How its threads compete with others for the processor.
    public enum Priority: Sendable {
        case normal
        /// For long work that measurements must not wait for.
        case low

        /// On Linux, Dispatch gives the threads of `.background` a nice value of 10, and those of
        /// `.utility` only 2. On Darwin, `.background` may stand still for long.
        fileprivate var qos: DispatchQoS {
            guard self == .low else { return .unspecified }
            #if os(Linux)
                return .background
            #else
                return .utility
            #endif
        }
    }

    /// Marks the queues of executors of low priority.
    ///
    /// Safe to share: a key is only compared, and Dispatch locks the values.
    private struct Mark: @unchecked Sendable {
        let key = DispatchSpecificKey<Bool>()
    }

    private static let lowMark = Mark()

    /// Whether the calling thread runs work of low priority.
    public static var isLow: Bool { DispatchQueue.getSpecific(key: lowMark.key) ?? false }

    /// The threads that work of low priority may use at once: half of the processors.
    ///
    /// Dispatch runs parallel parts of such work on threads of normal priority.
    public static let lowWidth = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)) / 2)

    /// Parses request bodies that are long: a few kilobytes of gzip can become millions of lines.
    public static let bodies = BlockingExecutor("bodies", width: 8, priority: .low)

    private struct State {
        /// The indices of the queues without work.
        var free: [Int]
        var waiting: [@Sendable () -> Void] = []
    }

    /// Serial queues: Dispatch gives each a thread of its own, also while other threads block. It
    /// adds threads to a concurrent queue only after it noticed that others block.
    private let queues: [DispatchQueue]
    private let state: Mutex<State>

    /// - Parameters:
    ///   - name: The name of its queues in debuggers.
    ///   - width: The number of calls at once; with 1, calls run in the order of their submission.
    public init(_ name: String, width: Int = 1, priority: Priority = .normal) {
        queues = (0..<max(1, width)).map { _ in
            let queue = DispatchQueue(label: "bellwether.\(name)", qos: priority.qos)
            if priority == .low { queue.setSpecific(key: Self.lowMark.key, value: true) }
            return queue
        }
        state = Mutex(State(free: Array(queues.indices.reversed())))
    }

    /// Returns the result of `work`, which starts after earlier work. Cancellation does not
    /// interrupt it.
    public func run<T: Sendable, Fault: Error>(
        _ work: @escaping @Sendable () throws(Fault) -> T
    ) async throws(Fault) -> T {
        let result: Result<T, Fault> = await withCheckedContinuation { continuation in
            start {
                do throws(Fault) {
                    continuation.resume(returning: .success(try work()))
                } catch { continuation.resume(returning: .failure(error)) }
            }
        }
        return try result.get()
    }

    /// Runs `work` the same way without waiting for it.
    public func start(_ work: @escaping @Sendable () -> Void) {
        let place = state.withLock { state -> Int? in
            guard let place = state.free.popLast() else {
                state.waiting.append(work)
                return nil
            }
            return place
        }
        if let place { submit(work, to: place) }
    }

    private func submit(_ work: @escaping @Sendable () -> Void, to place: Int) {
        queues[place].async {
            work()
            let next = self.state.withLock { state -> (@Sendable () -> Void)? in
                guard !state.waiting.isEmpty else {
                    state.free.append(place)
                    return nil
                }
                return state.waiting.removeFirst()
            }
            if let next { self.submit(next, to: place) }
        }
    }
}
