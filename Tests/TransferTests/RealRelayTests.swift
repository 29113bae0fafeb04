import Foundation
import Telemetry
import TestSupport
import Testing
import Transfer

/// Debian's mail relays in common configurations. Each needs root and its package
/// (`exim4-daemon-light`, `postfix`, `opensmtpd`). The packages exclude each other: tests of
/// missing ones are skipped.
@Suite("Mail through real relays", .serialized)
struct RealRelayTests {
    private static let password = "s3kret"

    private static func has(_ paths: String...) -> Bool {
        getuid() == 0 && paths.allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }
    }

    static let hasExim = has("/usr/sbin/exim4")
    static let hasPostfix = has("/usr/sbin/postfix", "/usr/lib/postfix/sbin/smtpd")
    static let hasOpenSMTPD = has("/usr/sbin/smtpd", "/usr/sbin/smtpctl")

    private struct Relay {
        let process: ChildProcess
        let folder: TemporaryDirectory
        let port: Int
        let certificate: TestCertificate
        let engine = TransferEngine(telemetry: .silent)

        /// - Parameter launch: Writes the configuration and returns the command that runs in the
        ///   foreground.
        init(
            _ launch: (_ folder: TemporaryDirectory, _ port: Int, _ tls: TestCertificate)
                async throws -> [String]
        ) async throws {
            folder = try TemporaryDirectory("relay")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: folder.path)
            port = try FreePort.take()
            certificate = try await TestCertificate.make(in: folder)
            let command = try await launch(folder, port, certificate)
            process = try ChildProcess(command[0], Array(command.dropFirst()))
            let port = port
            try await eventually("the relay listens", within: .seconds(30)) {
                let probe = try ChildProcess(
                    "/bin/bash", ["-c", "exec 3<>/dev/tcp/127.0.0.1/\(port)"])
                return try await probe.waitForExit() == .code(0)
            }
        }

        func send(
            _ security: MailTransfer.Security, hello: String = "", password: String? = nil,
            _ authentication: MailTransfer.Authentication = .automatic
        ) async throws -> MailReply {
            try await engine.mail(
                MailTransfer(
                    host: "127.0.0.1", port: port, security: security,
                    trust: .file(certificate.certificate),
                    username: password == nil ? "" : "bellwether", password: password ?? "",
                    authentication: authentication, hello: hello, from: "bellwether@example.com",
                    recipients: ["oncall@example.com"],
                    message: Array("Subject: x\r\n\r\nhello\r\n".utf8), deadline: .seconds(20),
                    answerDeadline: .seconds(20)))
        }

        func end() async throws {
            process.terminate()
            _ = try? await process.waitForExit(within: .seconds(10))
            process.kill()
            engine.shutdown()
        }
    }

    private static func write(_ text: String, _ path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    private static func run(_ command: String...) async throws {
        let process = try ChildProcess(command[0], Array(command.dropFirst()))
        let exit = try await process.waitForExit()
        try #require(exit == .code(0), "\(command): \(process.errors)")
    }

    @Test(
        "Exim that requires a fully-qualified name and a credential accepts either mechanism",
        .enabled(if: hasExim, "needs root and exim4-daemon-light"))
    func exim() async throws {
        let relay = try await Relay { folder, port, tls in
            let spool = folder.file("spool")
            try FileManager.default.createDirectory(
                atPath: spool, withIntermediateDirectories: true)
            let configuration = """
                primary_hostname = relay.example
                spool_directory = \(spool)
                log_file_path = \(spool)/%slog
                pid_file_path = \(spool)/exim.pid
                daemon_smtp_ports = \(port)
                local_interfaces = 127.0.0.1
                tls_advertise_hosts = *
                tls_certificate = \(tls.certificate)
                tls_privatekey = \(tls.key)
                acl_smtp_helo = check_helo
                acl_smtp_rcpt = check_rcpt
                acl_smtp_data = accept
                begin acl
                check_helo:
                  deny message = need fully-qualified hostname
                       condition = ${if match{$sender_helo_name}{\\N^(\\[.+\\]|.+\\..+)$\\N}{no}{yes}}
                  accept
                check_rcpt:
                  accept authenticated = *
                  deny message = authentication required
                begin routers
                keep:
                  driver = accept
                  transport = file
                begin transports
                file:
                  driver = appendfile
                  file = \(spool)/mail
                  user = Debian-exim
                begin authenticators
                plain:
                  driver = plaintext
                  public_name = PLAIN
                  server_prompts = :
                  server_condition = ${if and{{eq{$auth2}{bellwether}}{eq{$auth3}{\(Self.password)}}}}
                  server_set_id = $auth2
                cram:
                  driver = cram_md5
                  public_name = CRAM-MD5
                  server_secret = ${if eq{$auth1}{bellwether}{\(Self.password)}fail}
                  server_set_id = $auth1

                """
            try Self.write(configuration, folder.file("exim.conf"))
            try await Self.run("/bin/chown", "-R", "Debian-exim", spool, tls.key)
            return ["/usr/sbin/exim4", "-C", folder.file("exim.conf"), "-bdf"]
        }
        for authentication in [
            MailTransfer.Authentication.automatic, .plain, .cramMD5,
        ] {
            let reply = try await relay.send(.starttls, password: Self.password, authentication)
            #expect(reply.outcomes.map(\.isDelivered) == [true], "\(reply)")
        }
        let wrong = try await relay.send(.starttls, password: "wrong")
        #expect(wrong.outcomes.map(\.stage) == [.authentication])
        #expect(wrong.outcomes.first?.answer.words == "Incorrect authentication data")
        let without = try await relay.send(.starttls)
        #expect(without.outcomes.first?.answer.words == "authentication required")
        try await relay.end()
    }

    @Test(
        "Postfix that rejects short and invalid names accepts the greeting",
        .enabled(if: hasPostfix, "needs root and postfix"))
    func postfix() async throws {
        let relay = try await Relay { folder, port, tls in
            for name in ["conf", "spool", "data"] {
                try FileManager.default.createDirectory(
                    atPath: folder.file(name), withIntermediateDirectories: true)
            }
            try await Self.run("/bin/chown", "postfix", folder.file("data"))
            let services = """
                127.0.0.1:\(port) inet n - n - - smtpd
                cleanup unix n - n - 0 cleanup
                qmgr unix n - n 300 1 qmgr
                rewrite unix - - n - - trivial-rewrite
                bounce unix - - n - 0 bounce
                defer unix - - n - 0 bounce
                trace unix - - n - 0 bounce
                discard unix - - n - - discard
                error unix - - n - - error
                anvil unix - - n - 1 anvil
                tlsmgr unix - - n 1000? 1 tlsmgr
                postlog unix-dgram n - n - 1 postlogd

                """
            try Self.write(services, folder.file("conf/master.cf"))
            let configuration = """
                compatibility_level = 3.6
                queue_directory = \(folder.file("spool"))
                data_directory = \(folder.file("data"))
                command_directory = /usr/sbin
                daemon_directory = /usr/lib/postfix/sbin
                mail_owner = postfix
                setgid_group = postdrop
                myhostname = relay.example
                mydestination = example.com
                local_recipient_maps =
                local_transport = discard:
                inet_interfaces = 127.0.0.1
                inet_protocols = ipv4
                smtpd_helo_required = yes
                smtpd_delay_reject = no
                smtpd_helo_restrictions = reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname
                smtpd_tls_cert_file = \(tls.certificate)
                smtpd_tls_key_file = \(tls.key)
                smtpd_tls_security_level = may
                maillog_file = \(folder.file("log"))
                maillog_file_prefixes = \(folder.path)

                """
            try Self.write(configuration, folder.file("conf/main.cf"))
            try await Self.run("/bin/cp", "/etc/postfix/postfix-files", folder.file("conf/"))
            try await Self.run("/usr/sbin/postfix", "-c", folder.file("conf"), "check")
            return ["/usr/sbin/postfix", "-c", folder.file("conf"), "start-fg"]
        }
        for hello in ["", "gw-a1.shop.example", "[192.0.2.1]"] {
            let reply = try await relay.send(.starttls, hello: hello)
            #expect(reply.outcomes.map(\.isDelivered) == [true], "\(reply)")
        }
        try await Self.run("/usr/sbin/postfix", "-c", relay.folder.file("conf"), "stop")
        try await relay.end()
    }

    @Test(
        "OpenSMTPD accepts the message",
        .enabled(if: hasOpenSMTPD, "needs root and opensmtpd"))
    func openSMTPD() async throws {
        let relay = try await Relay { folder, port, _ in
            let configuration = """
                listen on 127.0.0.1 port \(port) hostname relay.example
                action "keep" relay host "smtp://127.0.0.1:9"
                match from any for any action "keep"

                """
            try Self.write(configuration, folder.file("smtpd.conf"))
            return ["/usr/sbin/smtpd", "-d", "-f", folder.file("smtpd.conf")]
        }
        let reply = try await relay.send(.none)
        #expect(reply.outcomes.map(\.isDelivered) == [true], "\(reply)")
        try await relay.end()
    }
}
