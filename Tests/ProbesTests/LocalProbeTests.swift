import Events
import Foundation
import TestSupport
import Testing

@testable import Probes

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("Disk space")
struct DiskProbeTests {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    @Test("reported values match the file system")
    func space() async throws {
        let signals = await DiskProbe(name: "node", path: folder.path, minFreeRatio: 0)
            .measure(context())
        #expect(
            signals.map(\.name) == [
                "gateway.disk_ok", "gateway.disk_free_ratio", "gateway.disk_free_bytes",
            ])
        let ratio = try #require(signals.number("gateway.disk_free_ratio"))
        #expect(ratio > 0 && ratio <= 1)
        let attributes = try FileManager.default.attributesOfFileSystem(forPath: folder.path)
        let free = try #require(attributes[.systemFreeSize] as? NSNumber).doubleValue
        let reported = try #require(signals.number("gateway.disk_free_bytes"))
        // Other processes write in the meantime.
        #expect(abs(reported - free) <= free * 0.2 + 1e8)
        #expect(signals.number("gateway.disk_ok") == 1)
    }

    @Test("each floor applies separately")
    func floors() async {
        let byRatio = DiskProbe(name: "d", path: folder.path, minFreeRatio: 1.01)
        #expect(await byRatio.measure(context()).number("gateway.disk_ok") == 0)
        let byBytes = DiskProbe(
            name: "d", path: folder.path, minFreeRatio: 0, minFreeBytes: .max, prefix: "data")
        #expect(await byBytes.measure(context()).number("gateway.data_ok") == 0)
    }

    @Test("a path that does not exist")
    func missing() async {
        let signals = await DiskProbe(name: "d", path: folder.file("none")).measure(context())
        #expect(signals.reason("gateway.disk_ok") == .missingFile)
        #expect(signals.reason("gateway.disk_free_bytes") == .missingFile)
    }
}

@Suite("Process probe")
struct ProcessProbeTests {
    let folder: TemporaryDirectory
    var pidFile: String { folder.file("pid") }

    init() throws { folder = try TemporaryDirectory() }

    private func measure(_ target: ProcessProbe.Target) async -> [Signal] {
        await ProcessProbe(name: "worker", target: target).measure(context())
    }

    private func write(_ text: String) throws {
        try text.write(toFile: pidFile, atomically: true, encoding: .utf8)
    }

    /// A child process that sleeps under the name `name`.
    private func child(_ name: String) throws -> ChildProcess {
        let path = folder.file(name)
        try FileManager.default.createSymbolicLink(
            atPath: path, withDestinationPath: "/bin/sleep")
        return try ChildProcess(path, ["600"])
    }

    private var uniqueSuffix: String { String(UInt32.random(in: .min ... .max), radix: 36) }

    @Test("found by its pid file, alive, with its memory; not alive after a kill")
    func byPidFile() async throws {
        let process = try child("bw-worker")
        try write("\(process.pid)\n")
        // A process that has just begun has no memory of its own yet.
        try await eventually("the process has memory") {
            let alive = await measure(.pidFile(pidFile))
            #expect(alive["gateway.worker_alive"]?.value == .flag(true))
            return try #require(alive.number("gateway.worker_rss_bytes")) > 0
        }
        process.kill()
        try await process.waitForExit()
        let dead = await measure(.pidFile(pidFile))
        #expect(dead["gateway.worker_alive"]?.value == .flag(false))
        #expect(dead.reason("gateway.worker_rss_bytes") == .notRunning)
    }

    @Test("found by its name, short or longer than the kernel stores")
    func byName() async throws {
        for name in ["bw\(uniqueSuffix)", "bw-longer-than-a-kernel-name-\(uniqueSuffix)"] {
            #expect(await measure(.processName(name)).number("gateway.worker_alive") == 0)
            let process = try child(name)
            // The name changes with exec, shortly after the child starts.
            try await eventually("\(name) shows") {
                await measure(.processName(name)).number("gateway.worker_alive") == 1
            }
            process.kill()
        }
    }

    @Test("a reused pid with another process name is not the worker")
    func reused() async throws {
        try write("\(getpid())")
        let other = await measure(.pidFile(pidFile, named: "no-such-name"))
        #expect(other["gateway.worker_alive"]?.value == .flag(false))
        #expect(await measure(.pidFile(pidFile)).number("gateway.worker_alive") == 1)
    }

    @Test("a zombie is not alive")
    func zombie() async throws {
        // The child of the shell ends after the shell became `sleep`, which never reaps it.
        let script = folder.file("script")
        try "sleep 0.2 & echo $! > \(pidFile); exec sleep 600"
            .write(toFile: script, atomically: true, encoding: .utf8)
        let parent = try ChildProcess("/bin/sh", [script])
        try await eventually("a zombie is seen as such") {
            guard
                case .absent(_, let detail)? =
                    await measure(.pidFile(pidFile))["gateway.worker_rss_bytes"]?.value
            else { return false }
            return detail == "only a zombie is left"
        }
        #expect(await measure(.pidFile(pidFile)).number("gateway.worker_alive") == 0)
        parent.kill()
    }

    @Test("a missing pid file means that the worker was stopped")
    func missing() async {
        #expect(await measure(.pidFile(pidFile)).number("gateway.worker_alive") == 0)
    }

    @Test("a pid file without a pid", arguments: ["", "abc", "-5", "0", "99999999999999"])
    func garbage(text: String) async throws {
        try write(text)
        let signals = await measure(.pidFile(pidFile))
        #expect(signals.reason("gateway.worker_alive") == .garbage)
    }

    #if os(Linux)
        @Test("a name with spaces and brackets is read completely")
        func oddNames() {
            let fields = (0..<40).map { "\($0)" }.joined(separator: " ")
            let entry = ProcessTable.entry(stat: Array("7 (a) (b c) Z \(fields)".utf8))
            #expect(entry?.name == "a) (b c")
            #expect(entry?.isZombie == true)
            // Field 24 is the 22nd after the name; the state is the first.
            #expect(entry?.residentBytes == 20 * UInt64(sysconf(Int32(_SC_PAGESIZE))))
            #expect(ProcessTable.entry(stat: Array("7 (a) S 1 2".utf8)) == nil)
            #expect(ProcessTable.entry(stat: []) == nil)
        }
    #endif
}

@Suite("File report")
struct FileProbeTests {
    let folder: TemporaryDirectory
    var path: String { folder.file("doctor.json") }

    init() throws { folder = try TemporaryDirectory() }

    private func write(_ text: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    private func measure(
        fields: FieldSelection = .topLevel(), form: ReportForm? = nil,
        ageSource: FileProbe.AgeSource = .modified,
        after: Duration = .zero
    ) async throws -> [Signal] {
        var status = stat()
        let written =
            stat(path, &status) == 0
            ? Timestamp(milliseconds: modified(status)) : WallClock.system.now
        return await FileProbe(
            name: "doctor", path: path, maxAge: .seconds(60),
            form: form ?? .json(fields), ageSource: ageSource
        ).measure(context(now: written + after))
    }

    private func modified(_ status: stat) -> Int64 {
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    @Test("every number and boolean at the top level")
    func topLevel() async throws {
        try write(
            #"{"checks_ok":true,"lag_ms":12.5,"n":3,"s":"x","nil":null,"o":{"a":1},"b c":1,"":2}"#)
        let signals = try await measure()
        #expect(
            signals.map(\.name) == [
                "doctor.fresh", "doctor.checks_ok", "doctor.lag_ms", "doctor.n", "doctor.nil",
            ])
        #expect(signals.reason("doctor.nil") == .missingField)
        #expect(signals["doctor.checks_ok"]?.value == .flag(true))
        #expect(
            signals["doctor.lag_ms"]
                == Signal(
                    "doctor.lag_ms", unit: .milliseconds, value: .number(12.5)))
    }

    @Test("of the top level, what is beyond the limit is named; far beyond it nothing is read")
    func limit() async throws {
        func report(_ count: Int) throws {
            // Texts and other names do not count.
            let members = (0..<count).map { "\"f\($0)\":\($0),\"t\($0)\":\"x\",\"b \($0)\":1" }
            try write("{\(members.joined(separator: ","))}")
        }
        try report(64)
        #expect(try await measure().allSatisfy { $0.number != nil })
        try report(66)
        let signals = try await measure()
        #expect(signals.count == 67)
        #expect(signals.number("doctor.fresh") == 1)
        #expect(signals.number("doctor.f63") == 63)
        for name in ["doctor.f64", "doctor.f65"] {
            #expect(
                signals[name]?.value
                    == .absent(
                        why: "too_large",
                        detail: "beyond the first 64 numbers and flags: name it in fields"))
        }
        let named = FieldSelection.pointers([.init("late", "/f65")])
        #expect(try await measure(fields: named).number("doctor.late") == 65)
        try report(200)
        #expect(try await measure().count == 201)
        try report(201)
        let refused = try await measure()
        #expect(refused.map(\.name) == ["doctor.fresh"])
        guard case .absent(let why, let detail)? = refused.first?.value else {
            Issue.record("\(refused)")
            return
        }
        #expect(why == "too_large" && detail.hasPrefix("more than 200 numbers and flags"))
    }

    @Test("configured fields, declared before the report exists")
    func pointers() async throws {
        let fields = FieldSelection.pointers([
            .init("errors", "/sum/errors"), .init("gateway.queue_depth", "/q"),
        ])
        let absent = try await measure(fields: fields)
        #expect(absent.reason("doctor.fresh") == .missingFile)
        #expect(absent.reason("doctor.errors") == .missingFile)
        #expect(absent.reason("gateway.queue_depth") == .missingFile)
        try write(#"{"sum":{"errors":2},"q":7}"#)
        let signals = try await measure(fields: fields)
        #expect(signals.number("doctor.errors") == 2)
        #expect(signals.number("gateway.queue_depth") == 7)
    }

    @Test(
        "old numbers do not count", arguments: [(59_999, true), (60_000, true), (60_001, false)])
    func stale(age: Int, isFresh: Bool) async throws {
        try write(#"{"n":3}"#)
        let signals = try await measure(after: .milliseconds(age))
        #expect(signals["doctor.fresh"]?.value == .flag(isFresh))
        #expect(signals.reason("doctor.n") == (isFresh ? nil : .stale))
    }

    @Test(
        "the report can contain its own time",
        arguments: [
            (#""2026-11-23T06:00:00Z""#, true), (#""2026-11-23T05:58:59Z""#, false),
            (#""2026-11-23T06:01:01Z""#, false), ("1795413600", true), ("1795413600.5", true),
            ("1795413000", false), ("1e11", false),
        ])
    func generatedAt(time: String, isFresh: Bool) async throws {
        try write(#"{"meta":{"generated_at":\#(time)},"n":3}"#)
        let now = try #require(Timestamp(rfc3339: "2026-11-23T06:00:00Z"))
        let signals = await FileProbe(
            name: "doctor", path: path, maxAge: .seconds(60),
            ageSource: .pointer("/meta/generated_at")
        ).measure(context(now: now))
        #expect(signals["doctor.fresh"]?.value == .flag(isFresh))
    }

    @Test("an invalid time in the report", arguments: ["true", "\"today\"", "1e300", "null"])
    func timeless(time: String) async throws {
        try write(#"{"t":\#(time),"n":3}"#)
        let signals = try await measure(ageSource: .pointer("/t"))
        #expect(signals.reason("doctor.fresh") == .missingField)
    }

    @Test("malformed JSON", arguments: ["", "[1]", "{\"a\":", "{\"a\":1,\"a\":2}", "\u{FFFD}"])
    func garbage(text: String) async throws {
        try write(text)
        #expect(try await measure().reason("doctor.fresh") == .garbage)
    }

    @Test("more than a mebibyte is not read")
    func tooLarge() async throws {
        try write("{\"a\":\"" + String(repeating: "x", count: 1 << 20) + "\"}")
        #expect(try await measure().reason("doctor.fresh") == .tooLarge)
    }

    @Test("a FIFO, a folder, a device: refused without blocking")
    func special() async throws {
        #expect(mkfifo(path, 0o600) == 0)
        #expect(try await measure().reason("doctor.fresh") == .unreadable)
        for path in [folder.path, "/dev/zero"] {
            let probe = FileProbe(name: "doctor", path: path, maxAge: .seconds(60))
            #expect(await probe.measure(context()).reason("doctor.fresh") == .unreadable)
        }
        let below = FileProbe(name: "doctor", path: path + "/x", maxAge: .seconds(60))
        #expect(await below.measure(context()).reason("doctor.fresh") == .missingFile)
    }

    @Test("a file without read permission", .enabled(if: getuid() != 0))
    func forbidden() async throws {
        try write("{}")
        chmod(path, 0)
        #expect(try await measure().reason("doctor.fresh") == .unreadable)
    }
}
