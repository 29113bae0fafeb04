import Core
import Foundation
import TestSupport
import Testing

@Suite("AtomicFile")
struct AtomicFileTests {
    @Test("the file has the mode that was asked for, whatever the umask, and the new content")
    func modes() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/file"
        for mode in [mode_t(0o600), 0o640, 0o644] {
            try AtomicFile.write("content \(mode)".utf8, to: path, mode: mode)
            var facts = stat()
            try #require(stat(path, &facts) == 0)
            #expect(facts.st_mode & 0o777 == mode)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "content \(mode)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
    }

    @Test("missing folders are made for the owner only; an existing one stays as it is")
    func folders() throws {
        let folder = try TemporaryDirectory()
        try #require(chmod(folder.path, 0o755) == 0)
        func mode(_ path: String) throws -> mode_t {
            var facts = stat()
            try #require(stat(path, &facts) == 0)
            return facts.st_mode & 0o777
        }
        for _ in 0..<2 {
            try AtomicFile.prepareAll(folder.path + "/a/b/c")
            for made in ["/a", "/a/b", "/a/b/c"] {
                #expect(try mode(folder.path + made) == 0o700)
            }
            #expect(try mode(folder.path) == 0o755)
        }
        try Data().write(to: URL(fileURLWithPath: folder.path + "/file"))
        #expect(throws: FileFault.self) { try AtomicFile.prepareAll(folder.path + "/file/a/b") }
    }

    @Test(
        "a temporary file that a crash left, or a planted link, does not stop or redirect a write")
    func leftOver() throws {
        let folder = try TemporaryDirectory()
        let (path, other) = (folder.path + "/file", folder.path + "/other")
        try Data("other".utf8).write(to: URL(fileURLWithPath: other))
        try #require(symlink(other, path + ".new") == 0)
        try AtomicFile.write("new".utf8, to: path, mode: 0o600)
        #expect(try String(contentsOfFile: other, encoding: .utf8) == "other")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
    }

    @Test("a failed write keeps the old file, leaves no other, and names path and reason")
    func failure() throws {
        let folder = try TemporaryDirectory()
        // A folder of this name cannot be replaced by a file.
        let path = folder.path + "/taken"
        try FileManager.default.createDirectory(
            atPath: path + "/full", withIntermediateDirectories: true)
        let fault = try #require(throws: FileFault.self) {
            try AtomicFile.write("new".utf8, to: path, mode: 0o600)
        }
        #expect(fault.call == "rename")
        #expect(fault.path == path)
        #expect(fault.description.contains("check the folder's owner"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["taken"])

        let missing = folder.path + "/none/file"
        #expect(throws: FileFault("open", missing + ".new", code: ENOENT)) {
            try AtomicFile.write("new".utf8, to: missing, mode: 0o600)
        }
    }

    @Test("a file that was written in parts replaces one; a failure leaves both")
    func publish() throws {
        let folder = try TemporaryDirectory()
        let (path, parts) = (folder.path + "/file", folder.path + "/file.tmp")
        try "old".write(toFile: path, atomically: false, encoding: .utf8)
        try "new".write(toFile: parts, atomically: false, encoding: .utf8)
        try AtomicFile.publish(parts, as: path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])

        #expect(throws: FileFault("open", parts, code: ENOENT)) {
            try AtomicFile.publish(parts, as: path)
        }
        try FileManager.default.createDirectory(
            atPath: folder.path + "/taken/full", withIntermediateDirectories: true)
        #expect(throws: FileFault.self) {
            try AtomicFile.publish(path, as: folder.path + "/taken")
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
    }
}
