import Events
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Probes

@Suite("Validity of a server certificate")
struct CertificateProbeTests {
    let engine = TransferEngine(telemetry: .silent)
    let folder: TemporaryDirectory
    let certificate: TestCertificate

    init() async throws {
        folder = try TemporaryDirectory()
        certificate = try await TestCertificate.make(in: folder)
    }

    private func measure(
        _ port: Int, serverName: String? = nil, trust: TLSTrust, now: Timestamp? = nil
    ) async -> [Signal] {
        await CertificateProbe(
            name: "edge", host: "127.0.0.1", port: port, serverName: serverName, trust: trust,
            engine: engine
        ).measure(context(now: now ?? WallClock.system.now, allowance: .seconds(20)))
    }

    @Test("trusted, the right name, and the remaining days")
    func good() async throws {
        let server = try await HTTPDouble.start(tls: certificate)
        let signals = await measure(server.port, trust: .file(certificate.certificate))
        #expect(signals["dependency.edge_cert_ok"]?.value == .flag(true))
        #expect(signals["dependency.edge_cert_days"]?.unit == .days)
        let days = try #require(signals.number("dependency.edge_cert_days"))
        #expect(days >= 1.9 && days <= 2, "made for two days")
        let later = await measure(
            server.port, trust: .file(certificate.certificate),
            now: WallClock.system.now + .seconds(3 * 86_400))
        let over = try #require(later.number("dependency.edge_cert_days"))
        #expect(over >= -1.1 && over <= -1)
    }

    @Test("an invalid certificate is the result; its remaining days are reported as well")
    func bad() async throws {
        let server = try await HTTPDouble.start(tls: certificate)
        for (name, trust) in [
            (nil, TLSTrust.system), ("elsewhere.example", .file(certificate.certificate)),
        ] {
            let signals = await measure(server.port, serverName: name, trust: trust)
            #expect(signals["dependency.edge_cert_ok"]?.value == .flag(false))
            #expect((signals.number("dependency.edge_cert_days") ?? 0) > 1)
        }
        let named = await measure(
            server.port, serverName: "localhost", trust: .file(certificate.certificate))
        #expect(named["dependency.edge_cert_ok"]?.value == .flag(true))
    }

    @Test("a renewed certificate is seen by the next observation")
    func renewed() async throws {
        let old = try await HTTPDouble.start(tls: certificate)
        let signals = await measure(old.port, trust: .insecure)
        #expect((signals.number("dependency.edge_cert_days") ?? 0) <= 2)
        old.kill()
        let long = try await TestCertificate.make(in: folder, name: "long", days: 90)
        let new = try await HTTPDouble.start(tls: long)
        let after = await measure(new.port, trust: .insecure)
        #expect((after.number("dependency.edge_cert_days") ?? 0) > 89)
    }

    @Test("without a handshake there is no result")
    func none() async throws {
        let plain = try await HTTPDouble.start()
        let spoken = await measure(plain.port, trust: .system)
        #expect(spoken.reason("dependency.edge_cert_ok") == .tls)
        #expect(spoken.reason("dependency.edge_cert_days") == .tls)
        plain.kill()
        try await eventually("the port is closed") {
            await measure(plain.port, trust: .system).reason("dependency.edge_cert_days")
                == .refused
        }
    }
}
