import Events
import Foundation
import Telemetry
import TestSupport
import Testing

@testable import Server

/// A certificate chain created by openssl: root, intermediate, leaf.
struct TestChain {
    let folder: TemporaryDirectory

    func file(_ name: String) -> String { folder.file(name) }

    init() async throws {
        folder = try TemporaryDirectory("chain")
        let script = """
            set -e
            cd '\(folder.path)'
            req() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "$@" 2>/dev/null; }
            req -x509 -days 2 -subj "/CN=Root" -keyout root.key -out root.pem
            req -subj "/CN=Intermediate" -keyout int.key -out int.csr
            printf 'basicConstraints=critical,CA:TRUE' > ca.ext
            openssl x509 -req -in int.csr -CA root.pem -CAkey root.key -set_serial 2 -days 2 -extfile ca.ext -out int.pem 2>/dev/null
            req -subj "/CN=gw.example" -keyout leaf.key -out leaf.csr
            printf 'subjectAltName=DNS:gw.example' > leaf.ext
            openssl x509 -req -in leaf.csr -CA int.pem -CAkey int.key -set_serial 3 -days 2 -extfile leaf.ext -out leaf.pem 2>/dev/null
            cat leaf.pem int.pem > right.pem
            cat int.pem leaf.pem > wrong.pem
            cat leaf.pem root.pem > gap.pem
            openssl pkcs8 -topk8 -in leaf.key -out pkcs8.key -passout pass:x
            openssl ec -in leaf.key -aes128 -passout pass:x -out old.key 2>/dev/null
            openssl x509 -in leaf.pem -outform der -out leaf.der
            printf '\\357\\273\\277' | cat - right.pem > mark.pem
            echo garbage > garbage.pem
            sed '3d' leaf.pem > cut.pem
            : > empty.pem
            """
        let made = try await Command.run("bash", ["-c", script])
        try #require(made.exit == 0, "\(String(decoding: made.errors, as: UTF8.self))")
    }
}

@Suite("Faults of certificate files")
struct CertificateReviewTests {
    private func review(
        _ chain: TestChain, _ certificate: String, _ key: String, after: Duration = .zero,
        byLibcurl: Bool = false
    ) -> CertificateReview {
        CertificateReview.pair(
            TLSFiles(certificate: chain.file(certificate), key: chain.file(key)),
            at: WallClock.system.now + after, byLibcurl: byLibcurl)
    }

    @Test("a matching pair is valid; wrong order, another key and unreadable files are reported")
    func pairs() async throws {
        let chain = try await TestChain()
        for certificate in ["right.pem", "leaf.pem", "mark.pem"] {
            let sound = review(chain, certificate, "leaf.key")
            #expect(sound.faults == [] && sound.refused == [])
            #expect(sound.expiring == [] && sound.warnings == [])
        }
        for (certificate, key, place, words, remedy) in [
            ("wrong.pem", "leaf.key", "wrong.pem", "belongs to certificate 2 of 2", "first"),
            ("right.pem", "root.key", "root.key", "none of the 2 certificates", "give the key"),
            ("right.pem", "pkcs8.key", "pkcs8.key", "is encrypted", "openssl pkey"),
            ("right.pem", "old.key", "old.key", "is encrypted", "openssl pkey"),
            ("right.pem", "leaf.pem", "leaf.pem", "holds a certificate, no key", "PRIVATE KEY"),
            ("leaf.key", "leaf.key", "leaf.key", "holds a key, no certificate", "CERTIFICATE"),
            ("garbage.pem", "leaf.key", "garbage.pem", "holds no PEM text", "-----BEGIN"),
            ("empty.pem", "leaf.key", "empty.pem", "is empty", "-----BEGIN"),
            ("leaf.der", "leaf.key", "leaf.der", "is binary", "openssl"),
            ("cut.pem", "leaf.key", "cut.pem", "no readable PEM certificate", "copy"),
            ("none.pem", "leaf.key", "none.pem", "No such file", "path"),
        ] {
            let found = review(chain, certificate, key)
            #expect(found.faults.count == 1, "\(found.faults)")
            let fault = try #require(found.faults.first)
            #expect(fault.place == chain.file(place))
            #expect(fault.fault.contains(words), "\(fault)")
            #expect(fault.remedy.contains(remedy), "\(fault)")
        }
        // Each file's own fault, in one report.
        let both = review(chain, "garbage.pem", "pkcs8.key")
        #expect(both.faults.map(\.place) == [chain.file("garbage.pem"), chain.file("pkcs8.key")])
        #expect(both.fault?.description.contains("pkcs8.key: is encrypted") == true)
        #expect(
            review(chain, "gap.pem", "leaf.key").warnings.map(\.fault)
                == ["certificate 2 did not sign certificate 1"])
        // libcurl skips the first certificate.
        #expect(
            review(chain, "mark.pem", "leaf.key", byLibcurl: true).faults.map(\.fault)
                == ["begins with a byte order mark"])
    }

    @Test("expired, expiring soon and not yet valid")
    func times() async throws {
        let chain = try await TestChain()
        let over = review(chain, "right.pem", "leaf.key", after: .seconds(3 * 86_400))
        #expect(over.faults == [])
        #expect(over.refused.count == 2)
        #expect(over.refused.first?.fault.contains("certificate 1 expired at 20") == true)
        // Valid for two days, now in the last third.
        let soon = review(chain, "leaf.pem", "leaf.key", after: .seconds(40 * 3600))
        #expect(soon.refused == [])
        #expect(soon.faults == [] && soon.warnings == [])
        #expect(soon.expiring.first?.fault.hasPrefix("expires at 20") == true)
        let early = review(chain, "leaf.pem", "leaf.key", after: .seconds(-86_400))
        #expect(early.refused.first?.fault.contains("is not valid before 20") == true)
        let now = WallClock.system.now
        #expect(CertificateReview.authorities(chain.file("gap.pem"), at: now).refused == [])
        #expect(
            CertificateReview.authorities(chain.file("gap.pem"), at: now + .seconds(3 * 86_400))
                .refused.map(\.fault) == ["2 of its 2 certificates expired"])
        #expect(CertificateReview.authorities(chain.file("leaf.key"), at: now).faults.count == 1)
    }

    @Test("a server starts with an expired certificate, and does not replace a valid one by it")
    func expired() async throws {
        let chain = try await TestChain()
        let files = TLSFiles(certificate: chain.file("right.pem"), key: chain.file("leaf.key"))
        let clock = ManualClock(startingAt: WallClock.system.now)
        let box = try TLSContextBox(files, clients: ClientCertificates(), clock: clock.wall)
        clock.advance(by: .seconds(86_400))
        _ = try box.prepare(files, clients: ClientCertificates())
        let later = ManualClock(startingAt: WallClock.system.now + .seconds(3 * 86_400))
        let old = try TLSContextBox(files, clients: ClientCertificates(), clock: later.wall)
        #expect(old.review.refused.count == 2)
        _ = try old.prepare(files, clients: ClientCertificates())
        let fresh = try SelfSignedCertificate.files(
            in: chain.file("tls"), names: [], clock: later.wall)
        old.take(try old.prepare(fresh, clients: ClientCertificates()))
        #expect(throws: ServerError.self) {
            try old.prepare(files, clients: ClientCertificates())
        }
    }
}

@Suite("Renewed certificates")
struct CertificateWatchTests {
    /// A folder laid out by the kubelet's convention: one rename swaps the link `..data`.
    private struct MountedSecret {
        let folder: TemporaryDirectory
        var files: TLSFiles {
            TLSFiles(certificate: folder.file("tls.crt"), key: folder.file("tls.key"))
        }

        func renew(_ version: String, certificate: String? = nil, key: String? = nil) throws {
            let manager = FileManager.default
            let made = try SelfSignedCertificate.files(in: folder.file("..\(version)"), names: [])
            for (source, name) in [
                (certificate ?? made.certificate, "tls.crt"), (key ?? made.key, "tls.key"),
            ] {
                try manager.copyItem(
                    atPath: source, toPath: folder.file("..\(version)/\(name)"))
                if !manager.fileExists(atPath: folder.file(name)) {
                    try manager.createSymbolicLink(
                        atPath: folder.file(name), withDestinationPath: "..data/\(name)")
                }
            }
            try manager.createSymbolicLink(
                atPath: folder.file("..data_tmp"), withDestinationPath: "..\(version)")
            try #require(rename(folder.file("..data_tmp"), folder.file("..data")) == 0)
        }
    }

    private static func count(_ server: RunningServer, _ outcome: String) -> Bool {
        server.telemetry.registry.exposition()
            .contains("bellwether_certificate_renewals_total{outcome=\"\(outcome)\"} 1\n")
    }

    @Test("a Secret that is swapped as a whole is applied at the next check, an invalid one never")
    func secret() async throws {
        let secret = MountedSecret(folder: try TemporaryDirectory("secret"))
        try secret.renew("1")
        let server = try await RunningServer(files: secret.files)
        let watch = CertificateWatch(server.server, telemetry: server.telemetry)
        func serves(_ version: String) async throws -> Bool {
            var curl = Curl(server)
            curl.certificate = secret.folder.file("..\(version)/tls.crt")
            return try await curl.get("/livez").exit == 0
        }
        var state = await watch.look(after: .init())
        #expect(try await serves("1"))

        try secret.renew("2")
        state = await watch.look(after: state)
        #expect(try await serves("2"))
        #expect(Self.count(server, "taken"))

        // The key belongs to another certificate: the current pair stays, and this is reported
        // once.
        try secret.renew("3", key: secret.folder.file("..1/tls.key"))
        state = await watch.look(after: state)
        #expect(!state.isReported && !Self.count(server, "refused"))
        for _ in 0..<3 { state = await watch.look(after: state) }
        #expect(state.isReported && Self.count(server, "refused"))
        #expect(try await serves("2"))

        // Its key follows.
        try secret.renew("4")
        state = await watch.look(after: state)
        #expect(!state.isReported)
        #expect(try await serves("4"))
    }

    @Test("the watch checks periodically")
    func running() async throws {
        let secret = MountedSecret(folder: try TemporaryDirectory("secret"))
        try secret.renew("1")
        let server = try await RunningServer(files: secret.files)
        let clock = ManualClock()
        let watch = CertificateWatch(server.server, telemetry: server.telemetry, clock: clock)
        let task = Task { try await watch.run() }
        await clock.sleepers(1)
        try secret.renew("2")
        clock.advance(by: CertificateWatch.pause)
        await clock.sleepers(1)
        #expect(Self.count(server, "taken"))
        task.cancel()
        try await task.value
    }
}
