import Foundation
import JSON
import TestSupport
import Testing

#if os(Linux)
    /// A command run as another user, below a `/proc` that hides the processes of others.
    private enum HiddenProc {
        /// Mounts `/proc` for this command only, and gives up all rights of root.
        private static let script = """
            mount -t proc -o hidepid=$1 proc /proc || exit 77
            shift
            exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
            """

        static func words(_ mode: Int, _ command: [String]) -> [String] {
            ["--mount", "sh", "-c", script, "sh", "\(mode)"] + command
        }

        /// Whether this process may mount one, and another user may run the executable. The test is
        /// skipped otherwise.
        static let isPermitted: Bool = {
            let command = [
                "sh", "-c", #"! test -e /proc/1/stat && cd "$TMPDIR" && "$0" --version"#,
                NodeProcess.executable,
            ]
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["unshare"] + words(2, command)
            process.environment = ProcessInfo.processInfo.environment.merging(
                ["TMPDIR": FileManager.default.temporaryDirectory.path]) { $1 }
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            guard (try? process.run()) != nil else { return false }
            process.waitUntilExit()
            return process.terminationStatus == 0
        }()
    }

    @Suite("Processes hidden by the mount of /proc", .serialized)
    struct HiddenProcessSystemTests {
        @Test(
            "a hidden process is missing data that names hidepid; one that is gone is not alive",
            .enabled(
                if: HiddenProc.isPermitted,
                "needs unshare, setpriv, the right to mount /proc, and an executable for all users"),
            arguments: [1, 2])
        func hidden(mode: Int) async throws {
            let folder = try TemporaryDirectory("hidepid")
            func write(_ text: String, to file: String) throws {
                try text.write(toFile: folder.file(file), atomically: true, encoding: .utf8)
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o644], ofItemAtPath: folder.file(file))
            }
            let ended = try ChildProcess("true")
            _ = try await ended.waitForExit()
            try write("1\n", to: "hidden.pid")
            try write("\(ended.pid)\n", to: "gone.pid")
            try write(
                """
                data_dir: \(folder.file("data"))
                analysis:
                  probes:
                    - {name: hidden, kind: process, pid_file: \(folder.file("hidden.pid"))}
                    - {name: gone, kind: process, pid_file: \(folder.file("gone.pid"))}
                    - {name: named, kind: process, process: bw-nowhere}
                  checks: [{id: gateway.hidden_alive}]
                  concerns: {}
                """, to: "bellwether.yaml")
            let child = try ChildProcess(
                "unshare",
                HiddenProc.words(
                    mode,
                    [
                        NodeProcess.executable, "probe", "--config",
                        folder.file("bellwether.yaml"), "--json",
                    ]))
            let exit = try await child.waitForExit()
            // A probe returned nothing.
            #expect(exit == .code(1), "\(child.errors)")
            let probes = try JSONValue(
                parsing: Array(child.output.utf8),
                limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 8))
            func signal(_ probe: String) throws -> JSONValue {
                let found = probes.elements?.first { $0["name"]?.string == probe }
                return try #require(found?["signals"]?[0], "\(child.output)")
            }
            for probe in ["hidden", "named"] {
                let alive = try signal(probe)
                #expect(alive["missing"]?.string == "unreadable", "\(alive)")
                #expect(
                    alive["detail"]?.string?.contains("/proc is mounted with hidepid=") == true,
                    "\(alive)")
            }
            #expect(try signal("gone")["value"] == .bool(false))
        }
    }
#endif
