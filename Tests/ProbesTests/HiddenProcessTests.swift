import Events
import Foundation
import TestSupport
import Testing

@testable import Probes

#if os(Linux)
    /// A folder like `/proc`, as another user sees it.
    private struct ProcFolder {
        let folder: TemporaryDirectory
        var path: String { folder.path }

        /// With this process, which is always shown, and the options of the mount.
        init(_ options: String, status: String = "Gid:\t1\t1\t1\t1\nGroups:\t2 3\nCapEff:\t0\n")
            throws
        {
            folder = try TemporaryDirectory()
            try show(100, "bellwether")
            try FileManager.default.createDirectory(
                atPath: folder.file("self"), withIntermediateDirectories: true)
            // The first mount is covered by the last one.
            try write(
                """
                20 1 0:20 / / rw shared:1 - ext4 /dev/sda1 rw,hidepid=9
                21 20 0:21 / \(path) rw,nosuid - proc proc rw
                22 20 0:22 / \(path) rw,nosuid shared:2 master:1 - proc proc \(options)

                """, to: "self/mountinfo")
            try write(status, to: "self/status")
            try write("         0          0 4294967295\n", to: "self/uid_map")
        }

        func write(_ text: String, to file: String) throws {
            try text.write(toFile: folder.file(file), atomically: true, encoding: .utf8)
        }

        /// Shows a process with 20 resident pages.
        func show(_ pid: Int32, _ name: String) throws {
            try FileManager.default.createDirectory(
                atPath: folder.file("\(pid)"), withIntermediateDirectories: true)
            let fields = (0..<40).map { "\($0)" }.joined(separator: " ")
            try write("\(pid) (\(name)) S \(fields)\n", to: "\(pid)/stat")
        }

        /// Lists a process whose files cannot be read.
        func list(_ pid: Int32) throws {
            try FileManager.default.createDirectory(
                atPath: folder.file("\(pid)/stat"), withIntermediateDirectories: true)
        }

        func measure(
            _ target: ProcessProbe.Target, existing: Set<Int32> = [7]
        ) async -> [Signal] {
            let table = ProcessTable(folder: path, exists: { existing.contains($0) })
            return await ProcessProbe(name: "worker", target: target, table: table)
                .measure(context())
        }

        /// By a pid file that names process 7.
        func measureByPidFile(existing: Set<Int32> = [7]) async throws -> [Signal] {
            try write("7\n", to: "worker.pid")
            return await measure(.pidFile(folder.file("worker.pid")), existing: existing)
        }
    }

    @Suite("Processes that are not shown to this user")
    struct HiddenProcessTests {
        static let modes = ["1", "2", "4", "noaccess", "invisible", "ptraceable"]

        /// The reason of both signals, if it is one.
        private func reason(_ signals: [Signal]) -> String? {
            guard case .absent(let why, let detail)? = signals.first?.value,
                signals.allSatisfy({ $0.value == signals.first?.value })
            else { return nil }
            return "\(why): \(detail)"
        }

        @Test(
            "a hidden process is missing data that names hidepid; one that is gone is not alive",
            arguments: modes)
        func hidden(mode: String) async throws {
            let proc = try ProcFolder("rw,gid=9,hidepid=\(mode)")
            let hidden = try #require(reason(try await proc.measureByPidFile()))
            #expect(hidden.hasPrefix("unreadable: \(proc.path) is mounted with hidepid=\(mode),"))
            let gone = try await proc.measureByPidFile(existing: [])
            #expect(gone["gateway.worker_alive"]?.value == .flag(false))
            #expect(gone.reason("gateway.worker_rss_bytes") == .notRunning)
            let named = try #require(reason(await proc.measure(.processName("worker"))))
            #expect(named.contains("hidepid=\(mode)"))
        }

        @Test("with hidepid=1, a process is listed but cannot be read")
        func listed() async throws {
            let proc = try ProcFolder("rw,hidepid=1")
            try proc.list(7)
            #expect(reason(try await proc.measureByPidFile())?.contains("hidepid=1") == true)
            #expect(
                reason(await proc.measure(.processName("worker")))?.contains("hidepid=1") == true)
        }

        @Test("a process that is shown is alive; the memory of hidden ones of its name is unknown")
        func shown() async throws {
            let proc = try ProcFolder("rw,hidepid=2")
            try proc.show(7, "worker")
            let one = try await proc.measureByPidFile()
            #expect(one["gateway.worker_alive"]?.value == .flag(true))
            #expect(try #require(one.number("gateway.worker_rss_bytes")) > 0)
            let all = await proc.measure(.processName("worker"))
            #expect(all["gateway.worker_alive"]?.value == .flag(true))
            #expect(all.reason("gateway.worker_rss_bytes") == .unreadable)
        }

        @Test(
            "who sees all processes knows that there is none of the name",
            arguments: [
                ("rw,gid=3,hidepid=2", "Gid:\t1\t1\t1\t1\nGroups:\t2 3\nCapEff:\t0\n", true),
                ("rw,gid=1,hidepid=1", "Gid:\t9\t9\t9\t1\nGroups:\t\nCapEff:\t0\n", true),
                // Without gid= it is the group 0.
                ("rw,hidepid=2", "Gid:\t0\t0\t0\t0\nGroups:\t\nCapEff:\t0\n", true),
                ("rw,hidepid=4", "Gid:\t1\t1\t1\t1\nGroups:\t\nCapEff:\t00000000000c0000\n", true),
                ("rw", "", true), ("rw,hidepid=0", "", true), ("rw,hidepid=off", "", true),
                ("rw,gid=3,hidepid=4", "Gid:\t3\t3\t3\t3\nGroups:\t3\nCapEff:\t0\n", false),
                ("rw,gid=33,hidepid=2", "Gid:\t3\t3\t3\t3\nGroups:\t3\nCapEff:\t0\n", false),
                // All capabilities but CAP_SYS_PTRACE.
                (
                    "rw,gid=9,hidepid=2",
                    "Gid:\t1\t1\t1\t1\nGroups:\t\nCapEff:\t000001fffff7ffff\n", false
                ),
                ("rw,hidepid=2", "", false),
            ])
        func seeing(options: String, status: String, seesAll: Bool) async throws {
            let proc = try ProcFolder(options, status: status)
            let signals = await proc.measure(.processName("worker"))
            if seesAll {
                #expect(signals["gateway.worker_alive"]?.value == .flag(false))
            } else {
                #expect(signals.reason("gateway.worker_alive") == .unreadable)
            }
        }

        @Test("root of a user namespace of its own does not see the processes outside of it")
        func namespace() async throws {
            let proc = try ProcFolder(
                "rw,gid=9,hidepid=2", status: "Gid:\t0\nCapEff:\t000001ffffffffff\n")
            try proc.write("         0       1000          1\n", to: "self/uid_map")
            let signals = await proc.measure(.processName("worker"))
            #expect(signals.reason("gateway.worker_alive") == .unreadable)
        }

        @Test("what cannot be read for another reason is missing data, too")
        func otherwise() async throws {
            let proc = try ProcFolder("rw")
            #expect(
                reason(try await proc.measureByPidFile())
                    == "unreadable: process 7 exists, but \(proc.path) does not show it")
            try proc.list(7)
            for signals in [
                try await proc.measureByPidFile(), await proc.measure(.processName("worker")),
            ] {
                #expect(reason(signals)?.hasSuffix("\(proc.path)/7/stat") == true, "\(signals)")
            }
            let odd = try ProcFolder("rw")
            try odd.show(7, "worker")
            try odd.write("7 worker\n", to: "7/stat")
            #expect(try await odd.measureByPidFile().reason("gateway.worker_alive") == .garbage)
            let empty = try TemporaryDirectory()
            let table = ProcessTable(folder: empty.path, exists: { _ in false })
            let none = await ProcessProbe(
                name: "worker", target: .processName("worker"), table: table
            ).measure(context())
            #expect(
                reason(none) == "unreadable: \(empty.path) shows no process: is it mounted?")
        }
    }
#endif
