import Core
import Events

/// Recognizes the lines that this node wrote.
extension EventLog {
    /// Whether this node wrote the line, in this opening of the log or an earlier one.
    public func wrote(_ line: [UInt8]) -> Bool { seal.verifies(line) }

    /// Parses a body from outside into lines and rejects lines that name this node.
    ///
    /// Only the node itself writes lines in its own name.
    public func outside(_ body: [UInt8]) -> IngestBody { IngestBody(body, refusing: ownNode) }

    /// As `outside(_:)`, but parses long bodies outside the cooperative pool.
    ///
    /// Millions of short lines take seconds of processor time and would block other tasks.
    public func cutOutside(_ body: [UInt8]) async throws(EventLogError) -> IngestBody {
        guard body.count > 64 << 10 else { return outside(body) }
        return try await BlockingExecutor.log.run { () throws(EventLogError) in self.outside(body) }
    }

    /// Stores the valid lines of a body from outside, in order; returns once they are durable.
    ///
    /// A line that the log already contains, or that occurs earlier in the body or in another body,
    /// counts as a duplicate, but only once its original is durable. If no line is valid, nothing
    /// is written.
    public func ingest(_ body: [UInt8]) async throws(EventLogError) -> IngestReceipt {
        try await ingest(cutOutside(body))
    }

    /// As `ingest(_:)` for a body that is already parsed.
    public func ingest(_ parsed: IngestBody) async throws(EventLogError) -> IngestReceipt {
        let result: Result<IngestReceipt, EventLogError> = await withCheckedContinuation {
            continuation in
            ingest(parsed) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }
}
