import Synchronization
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("Streamed responses")
struct StreamingTests {
    let engine = TransferEngine(telemetry: .silent)

    @Test("all bytes in order, none kept")
    func whole() async throws {
        let server = try await HTTPDouble.start()
        let seen = Mutex((bytes: 0, pieces: 0))
        let reply = try await engine.http(
            HTTPTransfer(
                url: server.url("/big/5000000"), maxBody: 1000,
                onBody: { piece in
                    seen.withLock { $0 = ($0.bytes + piece.count, $0.pieces + 1) }
                    return true
                }))
        #expect(reply.status == 200)
        #expect(reply.body.isEmpty)
        #expect(seen.withLock { $0.bytes } == 5_000_000)
        #expect(seen.withLock { $0.pieces } > 10)
    }

    @Test("a consumer that stops ends the transfer")
    func enough() async throws {
        let server = try await HTTPDouble.start()
        let pieces = Mutex(0)
        await #expect {
            _ = try await engine.http(
                HTTPTransfer(
                    url: server.url("/endless"),
                    onBody: { _ in
                        pieces.withLock { count in
                            count += 1
                            return count < 3
                        }
                    }))
        } throws: { ($0 as? TransferError)?.kind == .cancelled }
        #expect(pieces.withLock { $0 } == 3)
    }

    @Test("a refusal's body is kept, not streamed")
    func refusal() async throws {
        let server = try await HTTPDouble.start()
        let handedOut = Mutex(0)
        let reply = try await engine.http(
            HTTPTransfer(
                url: server.url("/status/503"),
                onBody: { piece in
                    handedOut.withLock { $0 += piece.count }
                    return true
                }))
        #expect(reply.status == 503)
        #expect(String(decoding: reply.body, as: UTF8.self) == "as asked\n")
        #expect(handedOut.withLock { $0 } == 0)
    }

    @Test("a silent peer is abandoned long before the deadline")
    func silence() async throws {
        let server = try await HTTPDouble.start()
        await #expect {
            _ = try await engine.http(
                HTTPTransfer(
                    url: server.url("/hang"), deadline: .seconds(600), onBody: { _ in true },
                    idleDeadline: .seconds(1)))
        } throws: { ($0 as? TransferError)?.kind == .timeout }
    }
}
