import Core
import Foundation
import TestSupport
import Testing

@Suite("Bounded files")
struct BoundedFileTests {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    @Test("a file is read up to its limit, with its modification time")
    func limit() throws {
        let path = folder.file("a")
        try Data("12345".utf8).write(to: URL(fileURLWithPath: path))
        let file = try BoundedFile(reading: path, limit: 5)
        #expect(file.bytes == Array("12345".utf8))
        #expect(file.modified > 1_600_000_000_000)
        #expect(throws: BoundedFile.Fault.tooLarge) { try BoundedFile(reading: path, limit: 4) }
    }

    @Test("a missing file, a folder and a FIFO are faults; opening a FIFO never waits")
    func others() throws {
        let missing = folder.file("missing")
        #expect(throws: BoundedFile.Fault.system(FileFault("open", missing, code: ENOENT))) {
            try BoundedFile(reading: missing, limit: 10)
        }
        #expect(throws: BoundedFile.Fault.notRegular) {
            try BoundedFile(reading: folder.path, limit: 1 << 20, onlyRegular: true)
        }
        #expect(throws: BoundedFile.Fault.system(FileFault("read", folder.path, code: EISDIR))) {
            try BoundedFile(reading: folder.path, limit: 1 << 20)
        }
        let pipe = folder.file("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        #expect(throws: BoundedFile.Fault.notRegular) {
            try BoundedFile(reading: pipe, limit: 10, onlyRegular: true)
        }
        #expect(try BoundedFile(reading: pipe, limit: 10).bytes.isEmpty)
    }

    #if os(Linux)
        @Test("a file of size zero that has content is read, as below /proc")
        func proc() throws {
            #expect(try !BoundedFile(reading: "/proc/self/stat", limit: 4096).bytes.isEmpty)
        }
    #endif
}
