import Testing

@testable import App

/// An event that a command posts and nobody would send again.
@Suite("Events that are kept in the bucket")
struct KeptEventTests {
    /// Posts until a receipt of the list says that the event is safe; returns how often it posted.
    private func posts(_ receipts: [String]) async throws -> Int {
        var count = 0
        try await RemoteNode.keep(sleep: { _ in }) { () throws(RemoteNode.Fault) in
            count += 1
            return Array((receipts.dropFirst(count - 1).first ?? receipts[receipts.count - 1]).utf8)
        }
        return count
    }

    private func receipt(_ term: Int, end: String, to: String) -> String {
        #"{"accepted":1,"duplicates":0,"rejected":[],"shipped":{"node":"n","term":\#(term),"end":"\#(end)","to":"\#(to)"}}"#
    }

    @Test("an event is posted until the bucket has what was stored with it, not what came later")
    func later() async throws {
        let count = try await posts([
            receipt(1, end: "1:100", to: "1:50"), receipt(1, end: "1:900", to: "1:99"),
            receipt(1, end: "1:950", to: "1:100"),
        ])
        #expect(count == 3)
    }

    @Test("another leader's positions are not compared with those of the first")
    func leaders() async throws {
        let count = try await posts([
            receipt(1, end: "1:100", to: "1:50"), receipt(2, end: "2:40", to: "2:10"),
            receipt(2, end: "2:40", to: "2:40"),
        ])
        #expect(count == 3)
    }

    @Test("without a bucket, one receipt suffices; a bucket that stays away is a fault")
    func away() async throws {
        #expect(try await posts([#"{"accepted":1,"duplicates":0,"rejected":[]}"#]) == 1)
        let fault = await #expect(throws: RemoteNode.Fault.self) {
            try await self.posts([self.receipt(1, end: "1:100", to: "1:50")])
        }
        #expect(fault?.description.contains("bucket does not have them") == true)
    }
}
