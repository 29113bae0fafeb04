import Testing

@testable import Transfer

@Suite("Meanings of libcurl's results")
struct ResultsTests {
    /// Numbers that libcurl no longer uses.
    private static let obsolete: Set<UInt32> = [
        20, 24, 29, 32, 34, 40, 41, 44, 46, 50, 51, 57, 62, 75, 76,
    ]

    @Test("every result up to 99 is in the table")
    func complete() {
        let known = Set(TransferError.Kind.byResult.keys).union(Self.obsolete)
        #expect(Set(1...99 as ClosedRange<UInt32>).subtracting(known).isEmpty)
    }

    @Test("only a request that is itself invalid is never retried")
    func invalid() {
        // A malformed URL, a wrong argument, an option that libcurl does not support or parse.
        let never = TransferError.Kind.byResult.filter { $0.value == .invalid }.keys.sorted()
        #expect(never == [3, 43, 48, 49])
    }

    @Test(
        "results that a valid request can get",
        arguments: [
            // A response that is not HTTP, a weird reply, a partial response, a bad encoding.
            (1, TransferError.Kind.protocolFault), (8, .protocolFault), (18, .closed),
            (61, .protocolFault), (16, .protocolFault), (92, .protocolFault), (52, .closed),
            (56, .closed), (55, .closed), (6, .resolve), (5, .resolve), (60, .tls), (35, .tls),
            // A CA file that is being replaced.
            (77, .tls), (67, .protocolFault), (27, .internalFault), (47, .protocolFault),
        ] as [(UInt32, TransferError.Kind)])
    func passing(code: UInt32, kind: TransferError.Kind) {
        #expect(TransferError.Kind.byResult[code] == kind)
    }
}
