import Events
import JSON
import Transfer

extension RemoteNode {
    /// Posts events that the caller keeps; they are on the node's disk when this returns.
    ///
    /// - Returns: The receipt.
    public func store(_ lines: [UInt8]) async throws(Fault) -> [UInt8] {
        try await reply(
            "POST", "/v1/events", lines, headers: [(AnswerPoint.header, AnswerPoint.disk.rawValue)]
        ).body
    }

    /// Posts events that nobody would send again, and returns when they outlive the node's machine:
    /// when they are in the node's bucket, or, without one, on its disk.
    ///
    /// - Parameter lines: With ids: they are posted again for a further receipt, and stored once.
    public func keep(_ lines: [UInt8]) async throws(Fault) {
        try await Self.keep(sleep: { try? await Task.sleep(for: $0) }) { () throws(Fault) in
            try await store(lines)
        }
    }

    private static let tries = 40
    private static let pause = Duration.milliseconds(250)

    /// - Parameter post: Returns a receipt.
    static func keep(
        sleep: (Duration) async -> Void, _ post: () async throws(Fault) -> [UInt8]
    ) async throws(Fault) {
        var first: ShippingReceipt?
        for _ in 0..<tries {
            guard let receipt = ShippingReceipt(try await post()) else { return }
            // Positions in the logs of two leaders are not comparable.
            if first?.log != receipt.log { first = receipt }
            if let first, receipt.to >= first.end { return }
            await sleep(pause)
        }
        throw Fault(
            "the node has stored them, but its bucket does not have them yet: they would be lost with the node's machine"
        )
    }

    /// The member `shipped` of a receipt: how far the node's log is in its bucket.
    private struct ShippingReceipt {
        /// The node and the term.
        let log: String
        /// Where the log ended behind the posted lines.
        let end: LogPosition
        /// Everything before this is in the bucket.
        let to: LogPosition

        /// Nil if the node has no bucket.
        init?(_ body: [UInt8]) {
            let receipt = try? JSONValue(
                parsing: body, limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 8))
            guard let shipped = receipt?["shipped"], let node = shipped["node"]?.string,
                let term = shipped["term"]?.integer,
                let end = shipped["end"]?.string.flatMap({ LogPosition($0) }),
                let to = shipped["to"]?.string.flatMap({ LogPosition($0) })
            else { return nil }
            log = "\(node) \(term)"
            self.end = end
            self.to = to
        }
    }
}
