import Foundation
import TestSupport
import Testing

@testable import EventLog

@Suite("Finding the end of a plain segment from its back")
struct PlainTailTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    /// The results of the full scan and of the scan from the back.
    private func ends(of bytes: some DataProtocol) throws -> (scanned: UInt64, found: UInt64?) {
        let path = log.directory + "/segment"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let files = PosixFileSystem()
        let file = try files.openToRead(path)
        defer { files.close(file) }
        let number = try #require(try CommitLine.header(of: file, files: files)).segment
        return (
            try PlainScan(file, files: files).end,
            try PlainTail.end(of: file, files: files, number: number)
        )
    }

    private func segment(groups: Int, lines: Int, padding: Int) async throws -> Data {
        let eventLog = try await log.open()
        for group in 0..<groups {
            _ = try await eventLog.ingest(
                body((1...lines).map { senderLine(group * lines + $0, padding: padding) }))
        }
        await eventLog.close()
        return try Data(contentsOf: URL(fileURLWithPath: log.active))
    }

    @Test("torn at any byte of the last groups, both scans agree")
    func torn() async throws {
        let bytes = try await segment(groups: 4, lines: 2, padding: 40)
        let header = try #require(bytes.firstIndex(of: 0x0A)) + 1
        for length in header...bytes.count {
            let (scanned, found) = try ends(of: bytes.prefix(length))
            #expect(found == scanned, "torn at \(length)")
        }
        let (scanned, found) = try ends(of: bytes)
        #expect(found == scanned && scanned > 0)
    }

    @Test("with any bit of the groups flipped, both scans agree")
    func flipped() async throws {
        let bytes = try await segment(groups: 4, lines: 2, padding: 40)
        let header = try #require(bytes.firstIndex(of: 0x0A)) + 1
        for place in header..<bytes.count {
            var damaged = bytes
            damaged[place] ^= 1 << UInt8(place % 8)
            let (scanned, found) = try ends(of: damaged)
            #expect(found == scanned, "flipped at \(place)")
        }
    }

    @Test("zeros and foreign text after the last group do not change the end")
    func strangeTail() async throws {
        let bytes = try await segment(groups: 3, lines: 2, padding: 40)
        let prefix = Data(CommitLine.prefix)
        for tail in [
            Data(count: 3 << 20), Data("\n\n".utf8), prefix, prefix + Data("\n".utf8),
            Data("{}\n".utf8) + prefix + Data("}\n".utf8), bytes,
        ] {
            let (scanned, found) = try ends(of: bytes + tail)
            #expect(found == scanned)
            #expect(scanned > 0)
        }
    }

    @Test("groups longer than the first read are read completely")
    func longGroups() async throws {
        let bytes = try await segment(groups: 3, lines: 120, padding: 20_000)
        try #require(bytes.count > 6 << 20)
        for length in [bytes.count, bytes.count - 1, bytes.count - (2 << 20) - 100_000] {
            let (scanned, found) = try ends(of: bytes.prefix(length))
            #expect(found == scanned, "torn at \(length)")
            #expect(scanned > 0)
        }
    }
}
