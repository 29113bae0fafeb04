import Foundation
import JSON
import TestSupport
import Transfer

/// A node's response, parsed and as raw bytes.
struct Answer: Sendable {
    let reply: HTTPReply
    let document: JSONValue

    init(_ reply: HTTPReply) throws {
        self.reply = reply
        document = try JSONValue(
            parsing: reply.body, limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 16))
    }

    var status: String? { document["status"]?.string }

    func number(_ name: String) -> Double? {
        document.resolve(pointer: "/" + name.replacingOccurrences(of: ".", with: "/"))?.double
    }

    /// The reasons as `check: why`, in order.
    var reasons: [String] {
        guard case .array(let reasons)? = document["reasons"] else { return [] }
        return reasons.map { "\($0["check"]?.string ?? ""): \($0["why"]?.string ?? "")" }
    }
}

extension NodeProcess {
    /// Repeats measurements until a response satisfies the condition, and returns it.
    func answer(
        to body: String, path: String = "/rollouts/analysis", _ what: String,
        where fits: @Sendable (Answer) -> Bool
    ) async throws -> Answer {
        let found = Found()
        do {
            try await eventually(what) {
                let answer = try Answer(try await self.measure(body, path: path))
                await found.put(answer)
                return fits(answer)
            }
        } catch {
            let last = await found.last.map { String(decoding: $0.reply.body, as: UTF8.self) }
            throw NeverHappened(description: "\(error); last: \(last ?? "nothing")")
        }
        guard let last = await found.last else { throw NeverHappened(description: what) }
        return last
    }

    private actor Found {
        var last: Answer?
        func put(_ answer: Answer) { last = answer }
    }
}
