import Events
import Foundation
import TestSupport
import Testing

@testable import EventLog

/// A log that another process writes, and what that process was told.
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

    /// Each writer begins with what was not acknowledged: it may be there already.
    func drive(bodies: Int, environment: [String: String?] = [:]) throws -> ChildProcess {
        try ChildProcess(
            Self.executable,
            [folder.path, "\(maxBytes)", "\(64 << 10)", "\(bodies)"]
                + acknowledged.map { "\($0 + 1)" }, environment: environment)
    }

    /// Everything that was said before the end.
    mutating func listen(to child: ChildProcess) async {
        _ = try? await child.line { _ in false }
        let output = child.output
        for line in output.split(separator: "\n") where line.hasPrefix("ack ") {
            let words = line.split(separator: " ").compactMap { Int($0) }
            if words.count == 2 { acknowledged[words[0]] = words[1] }
        }
        #expect(!output.contains("odd "), "\(output.suffix(500))")
    }

    /// Lines that should not be as they are.
    struct Faults: Equatable {
        var missing = 0
        var twice = 0
        var torn = 0

        static func += (a: inout Faults, b: Faults) {
            a = Faults(
                missing: a.missing + b.missing, twice: a.twice + b.twice, torn: a.torn + b.torn)
        }
    }

    /// Every line is whole and what was sent; of each writer there is one run of
    /// numbers, from 1 unless archives had to go, to at least the last acknowledged.
    @discardableResult
    func check(_ comment: String) async throws -> Faults {
        var faults = Faults()
        // The first call of all may have failed.
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

@Suite("A log of another process")
struct DriverTests {
    /// How many kills; `Scripts/kill-log.sh` asks for as many as the log must survive.
    private static let kills =
        ProcessInfo.processInfo.environment["BELLWETHER_KILLS"].flatMap { Int($0) } ?? 100
    /// Each call fails in turn up to this one.
    private static let faults =
        ProcessInfo.processInfo.environment["BELLWETHER_FAULTS"].flatMap { Int($0) } ?? 3

    @Test(
        "killed again and again under eight writers: nothing acknowledged is missing, nothing twice, nothing torn"
    )
    func killLoop() async throws {
        var met: [String: Int] = [:]
        var faults = DrivenLog.Faults()
        var lines = 0
        // Every fifty a new log: reading all of one that grows would take the time.
        for begun in stride(from: 0, to: Self.kills, by: 50) {
            let maxBytes = begun.isMultiple(of: 100) ? 1 << 30 : 1 << 20
            var log = try DrivenLog(writers: 8, maxBytes: maxBytes)
            let kills = min(50, Self.kills - begun)
            for kill in 0..<kills {
                let child = try log.drive(bodies: 0)
                // A third while it starts, the others while it writes.
                if !kill.isMultiple(of: 3) { _ = try await child.line { $0.hasPrefix("ack") } }
                try await Task.sleep(for: .microseconds(Int.random(in: 0...60_000)))
                child.kill()
                #expect(try await child.waitForExit() == .signal(SIGKILL))
                await log.listen(to: child)
                Self.note(log, &met)
                if kill % 10 == 9 || kill == kills - 1 {
                    // A reader that takes no lock sees it as it was left, then a writer mends it.
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

    /// Which states the kill met, told by the names that are there.
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
            "each call of the disk fails in turn, by EIO and ENOSPC and by short writes: nothing acknowledged is lost, service resumes"
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

        /// Returns 1 when the fault was told: at the door or as a log that can't be opened.
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
