import Core
import Events
import Synchronization

/// Recognizes the lines that this node wrote.
extension EventLog {
    /// Whether this node wrote the line, in this opening of the log or an earlier one.
    public func wrote(_ line: [UInt8]) -> Bool { seal.verifies(line) }

    /// Appends events of this node as one group, in order, and returns a position after them once
    /// they are durable. After a crash the log holds all of them or none.
    public func append(together events: [Event]) async throws(EventLogError) -> LogPosition {
        let result: Result<AppendOutcome, EventLogError> = await withCheckedContinuation {
            continuation in
            let refusal = submit(together: events) { continuation.resume(returning: $0) }
            if let refusal { continuation.resume(returning: .failure(refusal)) }
        }
        let outcome = try result.get()
        guard outcome.shed.isEmpty else { throw .shedding(.minFree) }
        return outcome.end
    }

    private func submit(
        together events: [Event],
        reply: @escaping @Sendable (Result<AppendOutcome, EventLogError>) -> Void
    ) -> EventLogError? {
        // The lock covers numbering and queueing, so that lines are in the order of `seq`.
        sequence.withLock { last -> EventLogError? in
            do throws(EventLogError) {
                var next = last
                var bytes: [UInt8] = []
                var lines: [AppendRequest.Line] = []
                for event in events {
                    let (line, scanned) = try line(of: event, after: &next)
                    let range = bytes.count..<(bytes.count + line.count)
                    bytes += line
                    bytes.append(UInt8(ascii: "\n"))
                    lines.append(
                        AppendRequest.Line(range: range, key: scanned.key, kind: scanned.kind))
                }
                try queue.submit(
                    AppendRequest(bytes: bytes, lines: lines, isRepeatable: false, reply: reply))
                last = next
                return nil
            } catch { return error }
        }
    }

    /// Parses a body from outside into lines and rejects lines that name this node, and decisions.
    ///
    /// Only the node itself writes lines in its own name, and decisions.
    public func outside(_ body: [UInt8]) -> IngestBody { IngestBody(body, refusing: ownNode) }

    /// The size in bytes from which a body is parsed by `BlockingExecutor.bodies`.
    public static let longBody = 64 << 10

    /// As `outside(_:)`, but parses long bodies outside the cooperative pool.
    ///
    /// Millions of short lines take seconds of processor time and would block other tasks.
    public func cutOutside(_ body: [UInt8]) async throws(EventLogError) -> IngestBody {
        guard body.count > Self.longBody else { return outside(body) }
        return try await BlockingExecutor.bodies.run { () throws(EventLogError) in
            self.outside(body)
        }
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
