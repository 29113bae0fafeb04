import Archives
import Bucket
import EventLog
import Events
import Foundation
import Replication
import Telemetry
import TestSupport
import Testing

@testable import Shipping

/// A log whose first objects were removed, as after some days, and a store that lists an object later
/// than it returns it.
@Suite("A restore and a late listing")
final class LateListingTests: Sendable {
    private let place: StorePrefix
    private let lines = StorePrefix.events(0..<3)

    init() async throws { place = try await StorePrefix("late") }

    /// Objects 5 and 6; those before were removed.
    private func write() async throws {
        let bucket = try place.bucket()
        let id = String(repeating: "5", count: 32)
        let other = try await PrefixOwner.claim(
            bucket, id: id, node: "n", now: WallClock.system.now)
        #expect(other == nil)
        let begin = LogPosition(segment: 1, offset: 0)
        let end = LogPosition(segment: 1, offset: UInt64(lines.count))
        let takeover = LogObject(
            number: 5, kind: .takeover, cluster: id, term: 3, writer: "w", node: "n", from: begin,
            to: begin)
        let data = LogObject(
            number: 6, kind: .data, cluster: id, term: 3, writer: "w", node: "n", from: begin,
            to: end,
            lines: lines)
        let log = SharedLog(bucket: bucket)
        for object in [takeover, data] {
            let packed = try await log.pack(object)
            _ = try await bucket.create(LogObject.name(object.number), packed)
        }
    }

    private func names() async throws -> [String] {
        try await place.bucket().list(LogObject.folder).map(\.name)
    }

    /// Restores a folder; returns the text of its log.
    private func restore(_ name: String, endpoint: String? = nil) async throws -> [UInt8] {
        let directory = place.folder.file(name)
        try FileManager.default.createDirectory(
            atPath: directory + "/log", withIntermediateDirectories: true)
        let begun = try await FolderRestore.begin(
            place.bucket(endpoint), directory: directory, node: "n", most: .max, telemetry: .silent)
        let restore = try #require(begun)
        let log = try await EventLog.open(
            EventLogConfiguration(
                directory: directory, node: "n", maxBytes: 64 << 20, ballastBytes: 0))
        do {
            try await restore.finish(log, takesOver: true)
            let text = try await StorePrefix.lines(log).flatMap { $0.bytes + [UInt8(ascii: "\n")] }
            await log.close()
            return text
        } catch {
            await log.close()
            throw error
        }
    }

    private func refused(_ name: String, _ proxy: StoreProxy) async -> String {
        do {
            _ = try await restore(name, endpoint: proxy.endpoint)
            return "it is restored"
        } catch { return "\(error)" }
    }

    @Test(
        "no object is written while a snapshot shows that there are some, listed or not",
        // The snapshot's object is there, or was removed.
        arguments: [5, 3] as [UInt64])
    func none(snapshot: UInt64) async throws {
        try await write()
        try await place.bucket().put(FolderRestore.snapshot(snapshot), Array("state".utf8))
        let before = try await names()
        #expect(before == [LogObject.name(5), LogObject.name(6)])
        let proxy = try await StoreProxy.start(
            place.store, .init(always: ["GET": .list], only: "log%2F0000"))
        let words = await refused("a", proxy)
        #expect(words.contains("lists no object of the log"), "\(words)")
        #expect(try await names() == before)
        // The store lists them now; the interrupted restore begins again.
        #expect(try await restore("a") == lines)
        #expect(try await names() == before + [LogObject.name(7)])
    }

    @Test("a listing that begins behind an object that exists is not taken for the log's beginning")
    func later() async throws {
        try await write()
        let before = try await names()
        let proxy = try await StoreProxy.start(
            place.store,
            .init(
                always: ["GET": .list], only: "log%2F0000",
                listed: [place.key(LogObject.name(6))]))
        let words = await refused("a", proxy)
        #expect(words.contains("does not list \(LogObject.name(5)), which exists"), "\(words)")
        #expect(try await names() == before)
        #expect(try await restore("a") == lines)
    }

    @Test("a prefix that was claimed and has no log yet is one that begins")
    func new() async throws {
        let id = String(repeating: "6", count: 32)
        let claimed = try await PrefixOwner.claim(
            place.bucket(), id: id, node: "n", now: WallClock.system.now)
        #expect(claimed == nil)
        #expect(try await restore("a").isEmpty)
        #expect(try await names() == [LogObject.name(1)])
    }
}
