import Foundation
import Telemetry
import TestSupport
import Testing
import Transfer

private let root = ProcessInfo.processInfo.environment["BELLWETHER_TEST_RELAYS"] ?? ""

/// Debian's mail relays in common configurations. `Scripts/test-relays.sh` unpacks them into a folder
/// that is their root here: their packages exclude each other.
@Suite(
    "Mail through real relays", .serialized,
    .enabled(
        if: getuid() == 0 && !root.isEmpty,
        "needs root and Debian's relays; Scripts/test-relays.sh fetches them"))
struct RealRelayTests {
    private static let password = "s3kret"

    /// A folder of one relay. `path` is that in the relay's root.
    private struct Place {
        let folder: TemporaryDirectory
        let port: Int
        let tls: TestCertificate

        init() async throws {
            folder = try TemporaryDirectory("relay", in: root + "/tmp")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: folder.path)
            port = try FreePort.take()
            tls = try await TestCertificate.make(in: folder)
        }

        var path: String { String(folder.path.dropFirst(root.count)) }
        var certificate: String { path + "/server.pem" }
        var key: String { path + "/server.key" }

        func write(_ text: String, _ name: String) throws {
            try text.write(toFile: folder.file(name), atomically: true, encoding: .utf8)
        }

        /// Makes a folder of one of the relay's users.
        func make(_ name: String, _ owner: String, _ mode: String = "0700") async throws {
            try FileManager.default.createDirectory(
                atPath: folder.file(name), withIntermediateDirectories: true)
            try await run("/bin/chown", Self.id[owner] ?? owner, folder.file(name))
            try await run("/bin/chmod", mode, folder.file(name))
        }

        /// Of `etc/passwd` below the root, which the machine's own tools do not read.
        private static let id = [
            "postfix": "30001:30001", "postdrop": "30001:30005", "exim": "30002:30002",
        ]

        func give(_ file: String, to owner: String) async throws {
            try await run("/bin/chown", Self.id[owner] ?? owner, folder.file(file))
        }
    }

    private struct Relay {
        let place: Place
        let process: ChildProcess

        /// - Parameter launch: Writes the configuration and returns the command that runs in the
        ///   foreground.
        init(_ launch: (_ place: Place) async throws -> [String]) async throws {
            place = try await Place()
            let command = try await launch(place)
            process = try ChildProcess("/usr/sbin/chroot", [root] + command)
            let port = place.port
            try await eventually("the relay listens", within: .seconds(30)) {
                let probe = try ChildProcess(
                    "/bin/bash", ["-c", "exec 3<>/dev/tcp/127.0.0.1/\(port)"])
                return try await probe.waitForExit() == .code(0)
            }
        }

        func send(
            _ security: MailTransfer.Security, hello: String = "", password: String? = nil,
            _ authentication: MailTransfer.Authentication = .automatic,
            to recipients: [String] = ["oncall@example.com"]
        ) async throws -> MailReply {
            // Without the connection of another credential, or of none.
            let engine = TransferEngine(telemetry: .silent)
            defer { engine.shutdown() }
            return try await engine.mail(
                MailTransfer(
                    host: "127.0.0.1", port: place.port, security: security,
                    trust: .file(place.tls.certificate),
                    username: password == nil ? "" : "bellwether", password: password ?? "",
                    authentication: authentication, hello: hello, from: "bellwether@example.com",
                    recipients: recipients,
                    message: Array("Subject: x\r\n\r\nhello\r\n".utf8), deadline: .seconds(20),
                    answerDeadline: .seconds(20)))
        }

        func end() async throws {
            process.terminate()
            _ = try? await process.waitForExit(within: .seconds(10))
            process.kill()
        }
    }

    private static func run(_ command: String...) async throws {
        let process = try ChildProcess(command[0], Array(command.dropFirst()))
        let exit = try await process.waitForExit()
        try #require(exit == .code(0), "\(command): \(process.errors)")
    }

    @Test("Exim that requires a fully-qualified name and a credential accepts either mechanism")
    func exim() async throws {
        let relay = try await Relay { place in
            try await place.make("spool", "exim")
            let configuration = """
                primary_hostname = relay.example
                spool_directory = \(place.path)/spool
                log_file_path = \(place.path)/spool/%slog
                pid_file_path = \(place.path)/spool/exim.pid
                daemon_smtp_ports = \(place.port)
                local_interfaces = 127.0.0.1
                tls_advertise_hosts = *
                tls_certificate = \(place.certificate)
                tls_privatekey = \(place.key)
                acl_smtp_helo = check_helo
                acl_smtp_rcpt = check_rcpt
                acl_smtp_data = accept
                begin acl
                check_helo:
                  deny message = need fully-qualified hostname
                       condition = ${if match{$sender_helo_name}{\\N^(\\[.+\\]|.+\\..+)$\\N}{no}{yes}}
                  accept
                check_rcpt:
                  deny message = no such user here
                       local_parts = nobody
                  accept authenticated = *
                  deny message = authentication required
                begin routers
                keep:
                  driver = accept
                  transport = file
                begin transports
                file:
                  driver = appendfile
                  file = \(place.path)/spool/mail
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
            try place.write(configuration, "exim.conf")
            try await place.give("server.key", to: "exim")
            return ["/usr/sbin/exim4", "-C", place.path + "/exim.conf", "-bdf"]
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
        // One recipient of two: the other one still gets the message.
        let one = try await relay.send(
            .starttls, password: Self.password,
            to: ["nobody@example.com", "oncall@example.com"])
        #expect(one.outcomes.map(\.isDelivered) == [false, true])
        #expect(one.outcomes.first?.answer.words == "no such user here")
        try await relay.end()
    }

    @Test("Postfix that rejects short and invalid names accepts the greeting")
    func postfix() async throws {
        let relay = try await Relay { place in
            // As `postfix check` creates them, which needs a shell in the root.
            for name in [
                "incoming", "active", "defer", "deferred", "bounce", "flush", "trace", "hold",
                "saved", "private", "corrupt",
            ] { try await place.make("spool/" + name, "postfix") }
            try await place.make("spool/pid", "root", "0755")
            try await place.make("spool/public", "postdrop", "0710")
            try await place.make("spool/maildrop", "postdrop", "0730")
            try await place.make("data", "postfix")
            try await place.make("conf", "root", "0755")
            let services = """
                127.0.0.1:\(place.port) inet n - n - - smtpd
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
            try place.write(services, "conf/master.cf")
            let configuration = """
                compatibility_level = 3.6
                queue_directory = \(place.path)/spool
                data_directory = \(place.path)/data
                command_directory = /usr/sbin
                daemon_directory = /usr/lib/postfix/sbin
                mail_owner = postfix
                setgid_group = postdrop
                myhostname = relay.example
                mydestination = example.com
                local_recipient_maps =
                local_transport = discard:
                alias_maps =
                inet_interfaces = 127.0.0.1
                inet_protocols = ipv4
                smtpd_helo_required = yes
                smtpd_delay_reject = no
                smtpd_helo_restrictions = reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname
                smtpd_relay_restrictions = reject_unauth_destination
                smtpd_tls_cert_file = \(place.certificate)
                smtpd_tls_key_file = \(place.key)
                smtpd_tls_security_level = encrypt
                maillog_file = \(place.path)/log
                maillog_file_prefixes = \(place.path)

                """
            try place.write(configuration, "conf/main.cf")
            return ["/usr/lib/postfix/sbin/master", "-c", place.path + "/conf", "-s"]
        }
        for hello in ["", "gw-a1.shop.example", "[192.0.2.1]"] {
            let reply = try await relay.send(.starttls, hello: hello)
            #expect(reply.outcomes.map(\.isDelivered) == [true], "\(reply)")
        }
        // Its own words, with the enhanced code that says whether to try again.
        let plain = try await relay.send(.none)
        #expect(plain.outcomes.map(\.stage) == [.sender])
        #expect(plain.outcomes.first?.answer.words == "Must issue a STARTTLS command first")
        let elsewhere = try await relay.send(.starttls, to: ["oncall@elsewhere.example"])
        #expect(elsewhere.outcomes.map(\.stage) == [.recipient])
        #expect(elsewhere.outcomes.first?.answer.enhanced == "5.7.1")
        let words = try #require(elsewhere.outcomes.first?.answer.words)
        #expect(words.contains("Relay access denied"))
        try await relay.end()
    }

    /// Without TLS: that of Debian 12 cannot sign with any key (`missing private key`, OpenSSL 3),
    /// and it offers a login only with TLS.
    @Test("OpenSMTPD accepts the message, and refuses another domain in its own words")
    func openSMTPD() async throws {
        let relay = try await Relay { place in
            try FileManager.default.createDirectory(
                atPath: root + "/var/spool/smtpd", withIntermediateDirectories: true)
            try await Self.run("/bin/chmod", "0711", root + "/var/spool/smtpd")
            let configuration = """
                listen on 127.0.0.1 port \(place.port) hostname relay.example
                action "keep" relay host "smtp://127.0.0.1:9"
                match from any for domain "example.com" action "keep"

                """
            try place.write(configuration, "smtpd.conf")
            return ["/usr/sbin/smtpd", "-d", "-f", place.path + "/smtpd.conf"]
        }
        let reply = try await relay.send(.none, to: ["oncall@example.com", "a@elsewhere.example"])
        #expect(reply.outcomes.map(\.isDelivered) == [true, false], "\(reply)")
        #expect(reply.outcomes.last?.stage == .recipient)
        let words = reply.outcomes.last?.answer.words
        #expect(words == "Invalid recipient: <a@elsewhere.example>")
        let secure = await #expect(throws: TransferError.self) {
            try await relay.send(.starttls)
        }
        #expect(secure?.kind == .tls)
        try await relay.end()
    }
}
