import Events
import Foundation
import TestSupport
import Testing

@testable import EventLog

/// A log written by another process, and the acknowledgements of that process.
private struct DrivenLog {
    let folder: TemporaryDirectory
    let maxBytes: Int
    /// The last acknowledged number of each writer.
    var acknowledged: [Int]

    init(writers: Int, maxBytes: Int) throws {
        folder = try TemporaryDirectory("driven")
        self.maxBytes = maxBytes
        acknowledged = Array(repeating: 0, count: writers)
    }

    private static let executable: String = {
        let tests = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
        let folder =
            (tests ?? Bundle.main.executableURL ?? Bundle.main.bundleURL)
            .deletingLastPathComponent()
        return folder.appendingPathComponent("EventLogDriver").path
    }()

    /// Each writer starts with its unacknowledged number, which may already be stored.
    func drive(bodies: Int, environment: [String: String?] = [:]) throws -> ChildProcess {
        try ChildProcess(
            Self.executable,
            [folder.path, "\(maxBytes)", "\(64 << 10)", "\(bodies)"]
                + acknowledged.map { "\($0 + 1)" }, environment: environment)
    }

    /// All output before the process ended.
    mutating func listen(to child: ChildProcess) async {
        _ = try? await child.line { _ in false }
        let output = child.output
        for line in output.split(separator: "\n") where line.hasPrefix("ack ") {
            let words = line.split(separator: " ").compactMap { Int($0) }
            if words.count == 2 { acknowledged[words[0]] = words[1] }
        }
        #expect(!output.contains("odd "), "\(output.suffix(500))")
    }

    /// Lines with unexpected content.
    struct Faults: Equatable {
        var missing = 0
        var twice = 0
        var torn = 0

        static func += (a: inout Faults, b: Faults) {
            a = Faults(
                missing: a.missing + b.missing, twice: a.twice + b.twice, torn: a.torn + b.torn)
        }
    }

    /// Checks that every line is whole and as sent. Each writer's numbers form one run that reaches
    /// at least its last acknowledged number. The run starts at 1 unless archives were removed.
    @discardableResult
    func check(_ comment: String) async throws -> Faults {
        var faults = Faults()
        // The very first call may have failed.
        guard FileManager.default.fileExists(atPath: folder.path + "/log") else {
            #expect(acknowledged.allSatisfy { $0 == 0 })
            return faults
        }
        var last = Array(repeating: 0, count: acknowledged.count)
        var reader = EventLogFiles(directory: folder.path).reader(from: .start)
        for line in try await reader.all(maxBytes: 4 << 20) {
            guard let event = try? Event(line: line.bytes) else {
                faults.torn += 1
                continue
            }
            guard let node = event.node, node.hasPrefix("w"), let writer = Int(node.dropFirst()),
                let seq = event.seq.map({ Int($0) })
            else { continue }
            let isFirst = last[writer] == 0 && maxBytes <= 100 << 20
            if !isFirst { faults.missing += max(0, seq - last[writer] - 1) }
            if seq <= last[writer] { faults.twice += 1 }
            last[writer] = max(last[writer], seq)
        }
        for writer in acknowledged.indices {
            faults.missing += max(0, acknowledged[writer] - last[writer])
        }
        #expect(faults == Faults(), "\(comment)")
        return faults
    }
}

@Suite("A log written by another process")
struct DriverTests {
    /// The number of kills; `Scripts/kill-log.sh` sets it.
    private static let kills =
        ProcessInfo.processInfo.environment["BELLWETHER_KILLS"].flatMap { Int($0) } ?? 100
    /// The number of faults per kind of call; fault number n begins at the n²-th call.
    private static let faults =
        ProcessInfo.processInfo.environment["BELLWETHER_FAULTS"].flatMap { Int($0) } ?? 3

    @Test(
        "killed repeatedly under eight writers: no acknowledged line is missing, duplicated or torn"
    )
    func killLoop() async throws {
        var met: [String: Int] = [:]
        var faults = DrivenLog.Faults()
        var lines = 0
        // Start a new log every fifty kills: reading a growing one would take too long.
        for begun in stride(from: 0, to: Self.kills, by: 50) {
            let maxBytes = begun.isMultiple(of: 100) ? 1 << 30 : 1 << 20
            var log = try DrivenLog(writers: 8, maxBytes: maxBytes)
            let kills = min(50, Self.kills - begun)
            for kill in 0..<kills {
                let child = try log.drive(bodies: 0)
                // A third of the kills during the start, the others while it writes.
                if !kill.isMultiple(of: 3) { _ = try await child.line { $0.hasPrefix("ack") } }
                try await Task.sleep(for: .microseconds(Int.random(in: 0...60_000)))
                child.kill()
                #expect(try await child.waitForExit() == .signal(SIGKILL))
                await log.listen(to: child)
                Self.note(log, &met)
                if kill % 10 == 9 || kill == kills - 1 {
                    // A reader without a lock sees the log as left by the kill; then a writer
                    // repairs it.
                    faults += try await log.check("kill \(kill) of \(maxBytes)")
                    let mended = try log.drive(bodies: 1)
                    #expect(try await mended.waitForExit() == .code(0), "\(mended.errors)")
                    await log.listen(to: mended)
                    faults += try await log.check("kill \(kill) of \(maxBytes), mended")
                }
            }
            lines += log.acknowledged.reduce(0, +)
        }
        print(
            "killed \(Self.kills) times under 8 writers, \(lines) lines acknowledged: "
                + "missing \(faults.missing), twice \(faults.twice), torn \(faults.torn); "
                + "left in the middle: \(met.sorted { $0.key < $1.key })")
        if Self.kills >= 1000 {
            for state in ["sealing", "rotating", "waiting to be sealed", "removed for room"] {
                #expect(met[state, default: 0] > 0, "\(state)")
            }
        }
    }

    /// The states that a kill met, detected from the file names.
    private static func note(_ log: DrivenLog, _ met: inout [String: Int]) {
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: log.folder.path + "/log")) ?? []
        if names.contains(where: { $0.hasSuffix(".gz.tmp") }) { met["sealing", default: 0] += 1 }
        if names.contains("active.jsonl.next") || !names.contains("active.jsonl") {
            met["rotating", default: 0] += 1
        }
        if names.contains(where: { $0.hasSuffix(".jsonl") && $0 != "active.jsonl" }) {
            met["waiting to be sealed", default: 0] += 1
        }
        if names.contains("removed") { met["removed for room", default: 0] += 1 }
        if names.contains(where: { $0.hasSuffix(".tmp") && !$0.hasSuffix(".gz.tmp") }) {
            met["a small file half made", default: 0] += 1
        }
    }

    #if os(Linux)
        @Test(
            "calls of each kind fail (EIO, ENOSPC), writes are short: no acknowledged line is lost"
        )
        func everyCall() async throws {
            let folder = try TemporaryDirectory("shim")
            let shim = folder.file("disk_faults.so")
            let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().appendingPathComponent(
                    "TestSupport/Doubles/disk_faults.c")
            let compiler = try ChildProcess(
                "cc", ["-shared", "-fPIC", "-O1", "-o", shim, source.path, "-ldl"])
            try #require(try await compiler.waitForExit() == .code(0), "\(compiler.errors)")
            var failed = 0
            for call in [
                "open", "write", "fsync", "fdatasync", "rename", "allocate", "unlink", "truncate",
            ] {
                for code in [5, 28] {
                    for first in 1...Self.faults {
                        failed += try await drive(
                            through:
                                "\(call):\(first * first):\(first.isMultiple(of: 2) ? 4 : 1):\(code)",
                            shim)
                    }
                }
            }
            #expect(try await drive(through: "short:1:100000:0", shim) == 0)
            #expect(failed > 3)
        }

        /// Returns 1 if the fault was reported, by ingest or when opening the log.
        private func drive(through rule: String, _ shim: String) async throws -> Int {
            var log = try DrivenLog(writers: 2, maxBytes: 1 << 30)
            let faulty: [String: String?] = [
                "LD_PRELOAD": shim, "DISK_FAULTS": "\(rule):\(log.folder.path)",
            ]
            let child = try log.drive(bodies: 40, environment: faulty)
            let exit = try await child.waitForExit()
            await log.listen(to: child)
            let isRefused = child.output.hasPrefix("refused ")
            #expect(exit == .code(isRefused ? 3 : 0), "\(rule): \(child.output) \(child.errors)")
            try await log.check(rule)
            let again = try log.drive(bodies: 2)
            #expect(try await again.waitForExit() == .code(0), "\(rule): \(again.errors)")
            await log.listen(to: again)
            try await log.check("\(rule), again")
            return isRefused || child.output.contains("retry ") ? 1 : 0
        }
    #endif
}
