public import Delivery
public import Digests
public import Events
public import Rendering
public import State
import Synchronization

/// Renders digests with the current templates and enqueues them for their receivers.
///
/// A reload replaces templates and receivers together. Thread-safe.
public final class DigestDispatcher: DigestDispatch {
    /// The configuration that a reload replaces.
    public struct Plan: Sendable {
        public var renderer: Renderer
        /// By name.
        public var receivers: [String: any Receiver]

        public init(renderer: Renderer, receivers: [any Receiver]) {
            self.renderer = renderer
            self.receivers = [:]
            for receiver in receivers { self.receivers[receiver.name] = receiver }
        }
    }

    private let current: Mutex<Plan>
    private let onEnqueued: @Sendable () -> Void

    /// - Parameter onEnqueued: Called after a transaction that enqueued digests was committed.
    public init(
        _ plan: Plan, onEnqueued: @escaping @Sendable () -> Void
    ) {
        current = Mutex(plan)
        self.onEnqueued = onEnqueued
    }

    public var plan: Plan { current.withLock { $0 } }

    public func replace(plan: Plan) { current.withLock { $0 = plan } }

    public func render(_ digest: Digest) -> RenderedDigest { plan.renderer.render(digest) }

    public func addressees(of digest: Digest) -> [Addressee] {
        let plan = plan
        return digest.receivers.compactMap { plan.receivers[$0] }.flatMap(\.addressees)
    }

    public func enqueue(
        _ rendered: RenderedDigest, of digest: Digest, to addressees: [Addressee],
        at now: Timestamp, in db: Store.Transaction
    ) throws {
        try Outbox.enqueue(
            db, rendered, to: addressees, replacing: digest.replacedIds,
            notBefore: digest.notBefore, at: now)
    }

    public func wake() { onEnqueued() }
}

extension Digest {
    /// The ids of the undelivered digests that it replaces.
    var replacedIds: [String] { Set(replaces.map(\.id)).sorted() }
}
