import Events
import Foundation
import Telemetry
import TestSupport
import Testing

@testable import EventLog

/// A data folder with a log, and helpers to read and change it.
struct TestLog: Sendable {
    let folder: TemporaryDirectory
    let clock = ManualClock()

    init() throws { folder = try TemporaryDirectory("journal") }

    var directory: String { folder.path }
    var active: String { directory + "/log/active.jsonl" }
    var files: EventLogFiles { EventLogFiles(directory: directory) }

    /// Replaces all files by copies of those of a closed log.
    func copy(_ other: TestLog) throws {
        let files = FileManager.default
        if files.fileExists(atPath: directory) { try files.removeItem(atPath: directory) }
        try files.copyItem(atPath: other.directory, toPath: directory)
    }

    func configuration(_ change: (inout EventLogConfiguration) -> Void = { _ in })
        -> EventLogConfiguration
    {
        var configuration = EventLogConfiguration(
            directory: directory, node: "gw-a1", minFree: 0, ballastBytes: 0)
        change(&configuration)
        return configuration
    }

    func open(
        files: any LogFileSystem = PosixFileSystem(), telemetry: Telemetry = .silent,
        _ change: (inout EventLogConfiguration) -> Void = { _ in }
    ) async throws -> EventLog {
        try await EventLog.open(
            configuration(change), clock: clock.wall, telemetry: telemetry, files: files,
            monotonic: clock)
    }

    func event(_ name: String = "analysis.healthy", message: String? = nil) -> Event {
        Event(ts: clock.wall.now, event: name, rollout: "payments-api", message: message)
    }

    /// The names in `log/`, sorted.
    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory + "/log").sorted()
    }

    func archives() throws -> [String] { try names().filter { $0.hasSuffix(".jsonl.gz") } }

    /// The output of `gunzip -c` for the archives, in order.
    func gunzipped() throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gunzip", "-c"] + (try archives()).map { directory + "/log/" + $0 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw CocoaError(.fileReadCorruptFile)
        }
        return Array(data)
    }

    /// The disk blocks of all files below `log/`.
    func allocated() throws -> Int {
        let posix = PosixFileSystem()
        return try names().reduce(0) {
            $0 + ((try? posix.facts(directory + "/log/" + $1))?.allocated ?? 0)
        }
    }
}

/// A line as a sender writes it.
func senderLine(_ seq: Int, node: String = "gw-b", epoch: String = "e1", padding: Int = 0) -> String
{
    #"{"ts":"2026-11-23T06:00:00.\#(String(format: "%03d", seq % 1000))Z","event":"analysis.degraded","#
        + #""node":"\#(node)","epoch":"\#(epoch)","seq":\#(seq),"message":"\#(String(repeating: "x", count: padding))"}"#
}

func body(_ lines: [String]) -> [UInt8] { Array(lines.map { $0 + "\n" }.joined().utf8) }

extension EventLogReader {
    /// Reads all lines that are readable now.
    mutating func all(maxLines: Int = 1000, maxBytes: Int = 1 << 20) async throws -> [EventLogLine]
    {
        var lines: [EventLogLine] = []
        while true {
            let batch = try await next(maxLines: maxLines, maxBytes: maxBytes)
            lines += batch.lines
            if batch.isCaughtUp { return lines }
        }
    }

    mutating func texts(maxLines: Int = 1000) async throws -> [String] {
        try await all(maxLines: maxLines).map { String(decoding: $0.bytes, as: UTF8.self) }
    }
}
