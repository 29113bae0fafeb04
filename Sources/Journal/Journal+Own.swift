import Events

/// Which lines are this node's own.
extension Journal {
    /// Whether this node itself appended the line, in this opening of the log or an earlier one.
    public func wrote(_ line: [UInt8]) -> Bool { seal.verifies(line) }

    /// A body that came from outside, cut into lines: one that bears this node's own name is
    /// rejected, since only the node itself writes those.
    public func outside(_ body: [UInt8]) -> IngestBody { IngestBody(body, refusing: ownNode) }

    /// As `ingest` of a body of bytes, for one that is cut into lines already.
    public func ingest(_ parsed: IngestBody) async throws(JournalError) -> IngestReceipt {
        let result: Result<IngestReceipt, JournalError> = await withCheckedContinuation {
            continuation in
            ingest(parsed) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }
}
