import Dispatch
import Foundation
import Telemetry
import TestSupport
import Testing

@testable import EventLog

@Suite("The ballast")
struct BallastTests {
    private static let bytes = 64 * 1024
    let folder: TemporaryDirectory
    let disk = FaultyFileSystem()

    init() throws { folder = try TemporaryDirectory("ballast") }

    private func ballast() throws -> Ballast {
        try Ballast(in: folder.path, bytes: Self.bytes, files: disk, telemetry: .silent)
    }

    /// The blocks of the file; nil if there is none.
    private func allocated() throws -> Int? {
        let posix = PosixFileSystem()
        let path = folder.file("ballast")
        return try posix.exists(path) ? posix.facts(path).allocated : nil
    }

    @Test("needs twice its size above the floor, so that it causes no new shortage")
    func room() throws {
        let ballast = try ballast()
        ballast.restore(free: 2 * Self.bytes - 1)
        #expect(try allocated() == nil)
        #expect(ballast.missing == 0, "it was never removed for want of space")
        ballast.restore(free: 2 * Self.bytes)
        #expect(try #require(try allocated()) >= Self.bytes)
    }

    @Test("a removal that fails is repeated at the next shortage")
    func removalFails() throws {
        let ballast = try ballast()
        ballast.restore(free: .max)
        disk.fail { call, _ in call == .remove ? 5 : nil }
        ballast.release()
        #expect(ballast.missing == 0)
        disk.fail(nil)
        ballast.release()
        #expect(try allocated() == nil)
        #expect(ballast.missing == Self.bytes)
    }

    @Test(
        "a disk that fills while it is created keeps no part of it",
        arguments: [FaultyFileSystem.Call.open, .allocate])
    func creationFails(failing: FaultyFileSystem.Call) throws {
        let ballast = try ballast()
        ballast.restore(free: .max)
        ballast.release()
        disk.fail { call, _ in call == failing ? 28 : nil }
        ballast.restore(free: .max)
        #expect(try allocated() == nil)
        #expect(ballast.missing == Self.bytes, "its space stays reserved")
        disk.fail(nil)
        ballast.restore(free: .max)
        #expect(try #require(try allocated()) >= Self.bytes)
        #expect(ballast.missing == 0)
    }

    @Test("a file that a kill left unfinished is not taken for the whole one")
    func unfinished() throws {
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder.file("ballast")))
        let ballast = try ballast()
        ballast.restore(free: .max)
        #expect(try #require(try allocated()) >= Self.bytes)
        // The next process finds the whole one.
        let next = try self.ballast()
        next.release()
        #expect(try allocated() == nil)
        #expect(next.missing == Self.bytes)
    }

    @Test("a file that somebody else removed counts as removed")
    func removedByOthers() throws {
        let ballast = try ballast()
        ballast.restore(free: .max)
        try FileManager.default.removeItem(atPath: folder.file("ballast"))
        ballast.release()
        #expect(ballast.missing == Self.bytes)
    }

    @Test("a file that cannot be examined is an error, not a missing file")
    func unreadable() throws {
        try ballast().restore(free: .max)
        disk.fail { call, _ in call == .stat ? 5 : nil }
        #expect(throws: SystemFault.self) { try ballast() }
    }

    @Test("shortage and recovery at the same time leave what the state says")
    func together() throws {
        let ballast = try ballast()
        ballast.restore(free: .max)
        for round in 0..<20 {
            DispatchQueue.concurrentPerform(iterations: 8) { n in
                if (n + round) % 2 == 0 { ballast.release() } else { ballast.restore(free: .max) }
            }
            let isThere = try allocated().map { $0 >= Self.bytes } ?? false
            #expect(isThere == (ballast.missing == 0))
        }
    }
}
