import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("TCP connections")
struct ConnectTests {
    let engine = TransferEngine(telemetry: .silent)

    private func kind(_ host: String, _ port: Int) async -> TransferError.Kind? {
        do throws(TransferError) {
            _ = try await engine.connect(host: host, port: port, deadline: .milliseconds(500))
            return nil
        } catch { return error.kind }
    }

    @Test("an open port responds with the time it took, repeatedly")
    func open() async throws {
        let server = try await HTTPDouble.start()
        for _ in 0..<5 {
            let took = try await engine.connect(
                host: "127.0.0.1", port: server.port, deadline: .seconds(5))
            #expect(took > .zero)
            #expect(took < .seconds(5))
        }
        // The connections are not reused for requests.
        let reply = try await engine.http(HTTPTransfer(url: server.url("/echo")))
        #expect(!reply.timings.reusedConnection)
    }

    @Test("closed ports, unknown names, and invalid hosts")
    func failures() async throws {
        let holder = try ClosedPort()
        let closed = holder.number
        #expect(await kind("127.0.0.1", closed) == .refused)
        #expect(await kind("nowhere.invalid", 80) == .resolve)
        #expect(await kind("[::1]", closed) != nil)
        for host in ["", "a/b", "a@b", "a b", "a\r\nb", "a?b", "a#b", "a%00b", "a\\b", "a:80@b"] {
            #expect(await kind(host, 80) == .invalid, "\(host)")
        }
        for port in [0, -1, 65_536] { #expect(await kind("127.0.0.1", port) == .invalid) }
    }

    @Test("a target that never responds is abandoned at the deadline")
    func blackHole() async throws {
        // TEST-NET-1 (RFC 5737) is never routed; some networks report that at once.
        let found = await kind("192.0.2.1", 81)
        #expect(found == .connectTimeout || found == .unreachable || found == .refused)
    }
}
