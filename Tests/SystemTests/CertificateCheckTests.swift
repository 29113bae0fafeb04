import App
import Events
import Foundation
import Settings
import TestSupport
import Testing

/// `check` reads every file that a start reads.
@Suite("The check of files that a configuration names")
struct CertificateCheckTests {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("check") }

    private func check(
        _ text: String, at clock: WallClock = .system
    ) throws -> ConfigurationCheck.Findings {
        let path = folder.file("bellwether.yaml")
        try text.replacing("DIR", with: folder.path)
            .write(toFile: path, atomically: true, encoding: .utf8)
        return ConfigurationCheck.check(path: path, environment: [:], clock: clock)
    }

    @Test("every certificate, key, authority and token file is read; all faults are reported")
    func everything() async throws {
        let good = try await TestCertificate.make(in: folder, name: "good")
        let other = try await TestCertificate.make(in: folder, name: "other")
        for (name, text) in [
            ("garbage", "garbage\n"), ("short", "# tokens\nshort\nshorter\n"),
            ("token", "a-token-that-is-long-enough\n"),
        ] {
            try text.write(toFile: folder.file(name), atomically: true, encoding: .utf8)
        }
        let mark = "\u{FEFF}" + (try String(contentsOfFile: good.certificate, encoding: .utf8))
        try mark.write(toFile: folder.file("mark"), atomically: true, encoding: .utf8)
        #expect(other.key == folder.file("other.key"))

        let found = try check(
            """
            listen: {tls: {certificate: DIR/good.pem, key: DIR/other.key, client_ca: DIR/garbage}}
            forward: {to: "https://n", token_file: DIR/token, ca_file: DIR/garbage}
            auth: {token_files: [DIR/short]}
            roles: [gateway]
            receivers:
              - {name: hook, kind: webhook, url: "https://h/x", ca_file: DIR/mark}
              - {name: mail, kind: smtp, url: "smtps://m", from: a@b, to: [c@d], ca_file: DIR/good.key}
            analysis:
              probes:
                - {name: a, kind: http, url: "https://a", ca_file: DIR/garbage,
                   client_certificate: DIR/other.pem, client_key: DIR/good.key}
                - {name: b, kind: certificate, address: "b:443", ca_file: DIR/garbage}
              checks: [{id: dependency.a_ok}]
              concerns: {}
            """)
        #expect(found.settings == nil)
        #expect(
            found.faults.map(\.key).sorted() == [
                "analysis.probes[0].ca_file", "analysis.probes[0].client_key",
                "analysis.probes[1].ca_file", "auth.token_files[0]", "auth.token_files[0]",
                "forward.ca_file", "listen.tls.client_ca", "listen.tls.key",
                "receivers[0].ca_file", "receivers[1].ca_file",
            ], "\(found.faults.map(\.description))")
        for fault in found.faults {
            #expect(fault.line > 0 && fault.column > 0 && !fault.remedy.isEmpty)
            #expect(fault.fault.hasPrefix(folder.path), "\(fault)")
        }
    }

    @Test("the authorities of a bucket, of a pair's other node and of Slack are read")
    func otherAuthorities() throws {
        for (name, text) in [("garbage", "garbage\n"), ("token", "xoxb-a-token\n")] {
            try text.write(toFile: folder.file(name), atomically: true, encoding: .utf8)
        }
        let found = try check(
            """
            roles: [notifier]
            bucket: {url: "s3://acme/x", ca_file: DIR/garbage}
            ha: {advertise: "https://notifier-a:8443", ca_file: DIR/garbage}
            receivers:
              - {name: hook, kind: slack, url: "http://127.0.0.1:1/x", ca_file: DIR/garbage}
              - {name: bot, kind: slack, token_file: DIR/token, channel: C0123456789,
                 ca_file: DIR/garbage}
            """)
        let read = found.faults.filter { $0.key.hasSuffix("ca_file") }
        #expect(
            read.map(\.key).sorted() == [
                "bucket.ca_file", "ha.ca_file", "receivers[0].ca_file", "receivers[1].ca_file",
            ], "\(found.faults.map(\.description))")
        #expect(read.allSatisfy { $0.line > 0 && $0.fault.hasPrefix(folder.path) })
    }

    @Test(
        "a certificate that has expired or expires soon is a fault",
        arguments: [
            (1.0, 0, 0, ""), (1.5, 1, 0, "expires at "), (2.1, 1, 0, "expired at "),
            (-1, 1, 0, "is not valid before "),
        ])
    func validity(days: Double, faults: Int, warnings: Int, words: String) async throws {
        // Valid for two days; soon is its last third.
        let good = try await TestCertificate.make(in: folder, name: "good")
        #expect(good.key == folder.file("good.key"))
        let then = WallClock.system.now + .seconds(days * 86_400)
        let found = try check(
            "listen: {tls: {certificate: DIR/good.pem, key: DIR/good.key}}",
            at: WallClock { then })
        func ours(_ all: [SettingsFault]) -> [String] {
            all.map(\.fault).filter { $0.hasPrefix(folder.path) }
        }
        let said = (ours(found.faults), ours(found.warnings))
        #expect(said.0.count == faults && said.1.count == warnings, "\(found)")
        #expect(words.isEmpty || (said.0 + said.1).first?.contains(words) == true, "\(found)")
    }

    @Test("commands read a token file with a byte order mark")
    func tokenFile() throws {
        try "\u{FEFF}bw_token \r\n".write(
            toFile: folder.file("t"), atomically: true, encoding: .utf8)
        #expect(try DataFolder.readSecret(folder.file("t")) == "bw_token")
    }

    @Test("valid files cause no fault")
    func sound() async throws {
        let good = try await TestCertificate.make(in: folder, name: "good")
        #expect(good.certificate == folder.file("good.pem"))
        let found = try check(
            "listen: {tls: {certificate: DIR/good.pem, key: DIR/good.key, client_ca: DIR/good.pem}}"
        )
        #expect(found.faults == [])
    }
}
