import Foundation
import TestSupport
import Testing

@Suite("Installed files", .serialized)
struct PackagingTests {
    private static let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    private func run(
        _ executable: String, _ arguments: [String], environment: [String: String?] = [:]
    ) async throws -> (output: String, exit: ChildProcess.Exit) {
        let child = try ChildProcess(executable, arguments, environment: environment)
        let exit = try await child.waitForExit()
        return (child.output + child.errors, exit)
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test("the manual page and the completions match the commands")
    func current() async throws {
        let folder = try TemporaryDirectory("bw-cli")
        let made = try await run(
            Self.top + "/Scripts/generate-cli.sh", [NodeProcess.executable, folder.path])
        #expect(made.exit == .code(0), "\(made.output)")
        for file in [
            "man/bellwether.8", "completions/bellwether.bash", "completions/_bellwether",
            "completions/bellwether.fish",
        ] {
            #expect(
                try text(folder.file(file)) == text(Self.top + "/Config/" + file),
                "\(file) is not current: run Scripts/generate-cli.sh")
        }
    }

    @Test("the manual page is valid roff and names every command")
    func manual() async throws {
        let page = Self.top + "/Config/man/bellwether.8"
        #if os(Linux)
            let checked = try await run("man", ["--warnings", "-E", "UTF-8", "-l", page])
            #expect(checked.exit == .code(0))
            #expect(!checked.output.contains("warning:"), "\(checked.output.prefix(500))")
        #endif
        let man = try text(page)
        for command in [
            "serve", "check", "init", "demo", "token create", "logs tail", "digest show",
            "outbox retry", "template analysis", "explain", "replay", "parity", "rehearse run",
        ] {
            #expect(man.contains(".SS \"\(command)\""), "\(command)")
        }
        // bash parses its completion file without an error.
        let bash = try await run(
            "bash", ["-n", Self.top + "/Config/completions/bellwether.bash"])
        #expect(bash.exit == .code(0), "\(bash.output)")
    }

    @Test("install puts all files in place, keeps a configuration, and uninstalls")
    func install() async throws {
        let folder = try TemporaryDirectory("bw-install")
        let prefix = folder.file("opt")
        // The tests' executable needs the toolchain's libraries, so that install.sh refuses it.
        let binary = folder.file("bellwether")
        try "#!/bin/sh\nexec '\(NodeProcess.executable)' \"$@\"\n".write(
            toFile: binary, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: binary)
        let environment: [String: String?] = [
            "PREFIX": prefix, "DESTDIR": "", "BINARY": binary,
        ]
        let script = Self.top + "/Scripts/install.sh"
        let installed = try await run(script, [], environment: environment)
        #expect(installed.exit == .code(0), "\(installed.output)")
        let version = try await run(prefix + "/bin/bellwether", ["--version"])
        #expect(version.exit == .code(0))
        let config = prefix + "/etc/bellwether/bellwether.yaml"
        // The next two commands.
        for command in ["check", "serve"] {
            #expect(
                installed.output.contains(
                    "  \(prefix)/bin/bellwether \(command) --config \(config)\n"))
        }
        let checked = try await run(prefix + "/bin/bellwether", ["check", "--config", config])
        #expect(checked.exit == .code(0), "\(checked.output)")
        #expect(try text(config).contains("data_dir: \(prefix)/var/lib/bellwether\n"))
        for file in [
            "share/man/man8/bellwether.8", "share/bash-completion/completions/bellwether",
            "share/zsh/site-functions/_bellwether",
            "share/fish/vendor_completions.d/bellwether.fish",
            "share/bellwether/templates/text.mustache",
            "share/bellwether/templates/argo/notifications.yaml",
        ] {
            #expect(FileManager.default.fileExists(atPath: prefix + "/" + file), "\(file)")
        }
        #if os(Linux)
            let unit = try text(prefix + "/share/bellwether/systemd/bellwether.service")
            #expect(unit.contains("ExecStart=\(prefix)/bin/bellwether serve --config \(config)\n"))
        #endif

        try "node: mine\n".write(toFile: config, atomically: true, encoding: .utf8)
        let again = try await run(script, [], environment: environment)
        #expect(again.exit == .code(0), "\(again.output)")
        #expect(try text(config) == "node: mine\n")

        let removed = try await run(script, ["--uninstall"], environment: environment)
        #expect(removed.exit == .code(0), "\(removed.output)")
        #expect(!FileManager.default.fileExists(atPath: prefix + "/bin/bellwether"))
        #expect(!FileManager.default.fileExists(atPath: prefix + "/share/bellwether"))
        #expect(try text(config) == "node: mine\n")

        let relative = try await run(
            script, [], environment: ["PREFIX": "opt", "BINARY": binary])
        #expect(relative.exit == .code(64))
    }

    #if os(Linux)
        @Test("install refuses an executable that needs libraries of a Swift toolchain")
        func toolchain() async throws {
            let folder = try TemporaryDirectory("bw-install")
            let refused = try await run(
                Self.top + "/Scripts/install.sh", [],
                environment: [
                    "PREFIX": folder.file("opt"), "BINARY": NodeProcess.built("bellwether"),
                ])
            #expect(refused.exit == .code(65))
            #expect(refused.output.contains("libswiftCore.so"), "\(refused.output)")
            #expect(refused.output.contains("Scripts/build.sh"))
            #expect(!FileManager.default.fileExists(atPath: folder.file("opt")))
        }

        @Test("install names the libraries that this machine lacks")
        func lacking() async throws {
            let folder = try TemporaryDirectory("bw-install")
            for (name, script) in [
                ("bellwether", "exit 0"),
                (
                    "ldd",
                    "printf '\\tlibdeflate.so.0 => not found\\n\\tlibc.so.6 => /lib/libc.so.6 (0x1)\\n\\tlibexpat.so.1 => not found\\n'"
                ),
            ] {
                try "#!/bin/sh\n\(script)\n".write(
                    toFile: folder.file(name), atomically: true, encoding: .utf8)
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o755], ofItemAtPath: folder.file(name))
            }
            let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
            let refused = try await run(
                Self.top + "/Scripts/install.sh", [],
                environment: [
                    "PREFIX": folder.file("opt"), "DESTDIR": "",
                    "BINARY": folder.file("bellwether"), "PATH": folder.path + ":" + path,
                ])
            #expect(refused.exit == .code(69), "\(refused.output)")
            #expect(
                refused.output.contains("lacks libdeflate.so.0 libexpat.so.1;"),
                "\(refused.output)")
            #expect(refused.output.contains("apt-get install "))
            #expect(!FileManager.default.fileExists(atPath: folder.file("opt")))
        }
    #endif

    /// With tools that answer as a Mac's do: the paths are what a Mac would get.
    @Test(
        "on a Mac, install uses Homebrew's prefix in every path, and signs the executable",
        arguments: ["/opt/homebrew", "/usr/local"])
    func mac(prefix: String) async throws {
        let folder = try TemporaryDirectory("bw-mac")
        let tools = folder.file("tools")
        try FileManager.default.createDirectory(
            atPath: tools, withIntermediateDirectories: true)
        func tool(_ name: String, _ script: String) throws {
            try "#!/bin/sh\n\(script)\n".write(
                toFile: tools + "/" + name, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: tools + "/" + name)
        }
        try tool("uname", "echo Darwin")
        try tool("brew", "echo \(prefix)")
        try tool("otool", "cat '\(folder.file("libraries"))'")
        // An executable from elsewhere: its signature is missing.
        try tool("codesign", #"echo "$*" >>'\#(folder.file("signed"))'; [ "$1" != --verify ]"#)
        try tool("bellwether", "exit 0")
        func install(_ libraries: String) async throws -> (output: String, exit: ChildProcess.Exit)
        {
            try libraries.write(
                toFile: folder.file("libraries"), atomically: true, encoding: .utf8)
            return try await run(
                Self.top + "/Scripts/install.sh", [],
                environment: [
                    "PREFIX": nil, "DESTDIR": folder.file("root"),
                    "BINARY": tools + "/bellwether",
                    "PATH": tools + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? ""),
                ])
        }
        let refused = try await install("\t@rpath/libswiftCore.dylib (compatibility version 1)\n")
        #expect(refused.exit == .code(65), "\(refused.output)")
        #expect(!FileManager.default.fileExists(atPath: folder.file("root")))

        let installed = try await install("\t/usr/lib/swift/libswiftCore.dylib\n")
        #expect(installed.exit == .code(0), "\(installed.output)")
        let root = folder.file("root")
        let data = try Data(
            contentsOf: URL(
                fileURLWithPath: root + "/Library/LaunchDaemons/io.bellwether.bellwether.plist"))
        let keys = try #require(
            try PropertyListSerialization.propertyList(from: data, format: nil) as? [String: Any])
        let config = prefix + "/etc/bellwether/bellwether.yaml"
        #expect(
            keys["ProgramArguments"] as? [String] == [
                prefix + "/bin/bellwether", "serve", "--config", config,
            ])
        #expect(keys["WorkingDirectory"] as? String == prefix + "/var/bellwether")
        #expect(keys["StandardErrorPath"] as? String == prefix + "/var/log/bellwether.log")
        #expect(try text(root + config).contains("data_dir: \(prefix)/var/bellwether\n"))
        #expect(FileManager.default.isExecutableFile(atPath: root + prefix + "/bin/bellwether"))
        #expect(
            try text(folder.file("signed")).contains(
                "--force --sign - \(root)\(prefix)/bin/bellwether\n"))
    }

    @Test("--version names the release, the commit, Swift and libcurl")
    func version() async throws {
        let shown = try await run(NodeProcess.executable, ["--version"])
        #expect(shown.exit == .code(0))
        let form =
            #/bellwether \d+\.\d+\.\d+\ncommit: (?:unknown|[0-9a-f]+(?:-changed)?)\nswift: 6\.\d.*\nlibcurl: libcurl\/\d+\.\d+.*\n/#
        #expect(shown.output.wholeMatch(of: form) != nil, "\(shown.output)")
    }

    @Test("run.sh prints what to do when the node's port is taken, before it builds")
    func takenPort() async throws {
        // Ends at once where something else has the port: it is taken either way.
        let taken = try ChildProcess(
            "python3", ["-m", "http.server", "--bind", "127.0.0.1", "8443"])
        defer { taken.kill() }
        try await eventually("the port is taken") {
            try await self.run("bash", ["-c", "exec 3<>/dev/tcp/127.0.0.1/8443"]).exit == .code(0)
        }
        let folder = try TemporaryDirectory("bw-run")
        let manager = FileManager.default
        try manager.createDirectory(
            atPath: folder.file("Scripts"), withIntermediateDirectories: true)
        try manager.copyItem(
            atPath: Self.top + "/Scripts/run.sh", toPath: folder.file("Scripts/run.sh"))
        for arguments in [[], ["--no-demo"]] {
            let refused = try await run(folder.file("Scripts/run.sh"), arguments)
            #expect(refused.exit == .code(69), "\(refused.output)")
            #expect(refused.output.contains("127.0.0.1:8443, the node's address, is in use"))
            #expect(refused.output.contains("Scripts/run.sh --config other.yaml"))
        }
    }

    #if os(Linux)
        @Test(
            "systemd rates the exposure of the units at 2.0 or less",
            arguments: ["bellwether.service", "bellwether@.service"])
        func units(name: String) async throws {
            let unit = Self.top + "/Config/systemd/" + name
            let shown = try text(unit)
            for line in ["User=bellwether", "ExecReload=/bin/kill -HUP $MAINPID"] {
                #expect(shown.contains(line + "\n"))
            }
            #expect(shown.contains("\nStateDirectory=bellwether"))
            let judged = try await run(
                "systemd-analyze", ["security", "--offline=true", "--threshold=20", unit])
            // systemd-analyze exits with 1 above 2.0.
            #expect(judged.exit == .code(0), "\(judged.output.suffix(300))")
            #expect(judged.output.contains("Overall exposure level"))
        }
    #endif

    @Test("the plist is valid and starts the same command as the unit")
    func plist() throws {
        let data = try Data(
            contentsOf: URL(
                fileURLWithPath: Self.top + "/Config/launchd/io.bellwether.bellwether.plist"))
        let list = try PropertyListSerialization.propertyList(from: data, format: nil)
        let keys = try #require(list as? [String: Any])
        #expect(keys["Label"] as? String == "io.bellwether.bellwether")
        let arguments = try #require(keys["ProgramArguments"] as? [String])
        #expect(Array(arguments.prefix(3)) == ["/usr/local/bin/bellwether", "serve", "--config"])
        // An account that every Mac has.
        #expect(keys["UserName"] as? String == "daemon")
        #expect(keys["ExitTimeOut"] as? Int == 40)
        #expect(keys["Umask"] as? Int == 0o077)
    }
}
