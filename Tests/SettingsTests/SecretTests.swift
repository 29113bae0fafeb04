import Foundation
import Secrets
import Settings
import TestSupport
import Testing

@Suite("Secrets come from files and the environment")
struct SecretTests {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    func write(_ text: String, _ name: String = "secret") throws -> String {
        try text.write(toFile: folder.file(name), atomically: true, encoding: .utf8)
        return folder.file(name)
    }

    func receiver(_ text: String, environment: [String: String] = [:]) throws -> Settings.Receiver {
        let settings = try Settings.parse(text: "receivers: [\(text)]", environment: environment)
        return try #require(settings.receivers.first)
    }

    func url(of receiver: Settings.Receiver) throws -> Secret {
        let web: Settings.Receiver.Web? =
            if case .slack(let web) = receiver.kind { web } else { nil }
        return try #require(web).url
    }

    @Test("a file is read without its last line break, on each use")
    func file() throws {
        let path = try write("https://hooks.slack.com/a\r\n")
        let secret = try url(of: receiver("{name: a, kind: slack, url_file: \(path)}"))
        #expect(try secret.read() == "https://hooks.slack.com/a")
        _ = try write("https://hooks.slack.com/b\n")
        #expect(try secret.read() == "https://hooks.slack.com/b")
        try FileManager.default.removeItem(atPath: path)
        #expect(throws: SecretFault.self) { try secret.read() }
    }

    @Test("print, dump and describe never show a secret")
    func masked() throws {
        let environment = ["S": "https://hooks.slack.com/hush"]
        let settings = try Settings.parse(
            text: """
                allow_inline_secrets: true
                receivers:
                  - {name: a, kind: slack, url: "${env:S}"}
                  - {name: b, kind: slack, url: "https://hooks.slack.com/hush"}
                  - {name: c, kind: smtp, url: "smtp://m", from: a@b, to: [c@d], username: u, password: hush}
                """, environment: environment)
        var dumped = ""
        dump(settings, to: &dumped)
        for text in [settings.describe(), dumped, "\(settings)", String(reflecting: settings)] {
            #expect(!text.contains("hush"))
        }
        #expect(settings.describe().contains("url: \"${env:S}\""))
        #expect(
            settings.describe().contains("password: \"(hidden)\""))
    }

    @Test("displayed text contains no secret of an address and no argument of a command")
    func addressesAndArguments() throws {
        let settings = try Settings.parse(
            text: """
                analysis:
                  probes:
                    - {name: db, kind: http, url: "https://db:1/health?api_key=hush&x=1"}
                    - {name: self, kind: command, command: [/bin/sh, --password, hush]}
                receivers:
                  - {name: page, kind: exec, command: [/bin/sh, --token=hush], timeout: 3s}
                """)
        let shown = settings.describe()
        #expect(!shown.contains("hush"))
        #expect(shown.contains(#"url: "https://db:1/health?api_key=(hidden)&x=1""#))
        #expect(shown.contains(#"command: [/bin/sh, "(hidden)", "(hidden)"]"#))
        #expect(shown.contains(#"command: [/bin/sh, "(hidden)"]"#))
    }

    @Test(
        "a secret in place of a file name is not repeated",
        arguments: [
            "forward: {token_file: SECRET}", "auth: {token_files: [SECRET]}",
            "auth: {token_files: [{path: SECRET}]}", "listen: {tls: {key: SECRET}}",
            "receivers: [{name: a, kind: slack, url_file: SECRET}]",
            "analysis: {probes: [{name: db, kind: http, url: \"https://u:SECRET@db:1/\"}]}",
            "analysis: {probes: [{name: db, kind: http, url: \"https://u:SECRET{@db:1/\"}]}",
        ])
    func misplaced(text: String) {
        for secret in ["bw_vJ3mX0S9q8N2r7T1kLw5Zy4Hc6", "hunter2"] {
            let found = messages(of: text.replacing("SECRET", with: secret))
            #expect(!found.isEmpty)
            #expect(!found.joined().contains(secret), "\(found)")
        }
    }

    @Test("unusable files are reported")
    func unreadable() throws {
        let empty = try write("\n", "empty")
        let large = try write(String(repeating: "x", count: 70_000), "large")
        try Data([0xFF, 0xFE]).write(to: URL(fileURLWithPath: folder.file("binary")))
        for (path, why) in [
            (empty, "it is empty"), (large, "larger than 64KiB"),
            (folder.file("binary"), "UTF-16"),
            (folder.file("none"), "No such file"), (folder.path, "is a folder"),
        ] {
            let found = faults(of: "forward: {token_file: \"\(path)\"}")
            #expect(found.map(\.key) == ["forward.token_file"])
            #expect(found.first?.fault.contains(why) == true, "\(found)")
        }
    }

    @Test("a pipe is reported, without blocking", .timeLimit(.minutes(1)))
    func pipe() throws {
        let pipe = folder.file("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        for key in ["token_file", "ca_file"] {
            let found = faults(of: "forward: {to: \"https://n:1\", \(key): \"\(pipe)\"}")
            #expect(found.first?.fault.contains("a device or a pipe") == true, "\(found)")
        }
    }

    @Test("no fault repeats a secret's value")
    func faultsAreSilent() throws {
        let path = try write("hush hush")
        let found = messages(
            of: """
                forward: {token: hush}
                receivers:
                  - {name: a, kind: slack, url_file: "\(path)"}
                  - {name: b, kind: slack, url: "${env:S}"}
                  - {name: c, kind: smtp, url: "smtp://m", from: a@b, to: [c@d], username: u, password: hush}
                """, environment: ["S": "hush"])
        #expect(found.count == 4)
        #expect(!found.joined().contains("hush"))
    }

    @Test("an unset variable, a malformed one, and both forms at once")
    func variables() throws {
        let path = try write("x")
        #expect(
            messages(of: "node: \"${env:NOBODY}\"\naz: \"${NOBODY}\"\ndata_dir: \"${env:X\"\n")
                == [
                    "b.yaml:1:7: node: the environment has no variable \"NOBODY\"; "
                        + "set it where the service is started, or name a file instead",
                    "b.yaml:2:5: az: a variable that is not ${env:NAME}; write ${env:NAME}",
                    "b.yaml:3:11: data_dir: a variable that is not ${env:NAME}; write ${env:NAME}",
                ])
        let both = faults(
            of: "forward: {token: \"${env:T}\", token_file: \(path)}", environment: ["T": "t"])
        #expect(both.map(\.key) == ["forward.token_file"])
        let settings = try Settings.parse(
            text: "node: \"a-${env:N}-${env:N}\"", environment: ["N": "1"])
        #expect(settings.node == "a-1-1")
    }
}
