import Foundation
import TestSupport
import Testing
import Transfer

@Suite("Secrets")
struct SecretTests {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func write(_ bytes: [UInt8], _ name: String = "secret") throws -> String {
        let path = folder.file(name)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test("a file is read on each use, without the line end that editors add")
    func file() throws {
        let path = try write(Array("one\n".utf8))
        #expect(try Secret.file(path).read() == "one")
        _ = try write(Array(" two \r\n".utf8))
        #expect(try Secret.file(path).read() == "two")
    }

    @Test("an environment variable")
    func environment() throws {
        setenv("BELLWETHER_TEST_SECRET", "three", 1)
        defer { unsetenv("BELLWETHER_TEST_SECRET") }
        #expect(try Secret.environment("BELLWETHER_TEST_SECRET").read() == "three")
        #expect(throws: SecretError.self) {
            try Secret.environment("BELLWETHER_TEST_NEVER_SET").read()
        }
    }

    @Test("absent, empty and binary files are faults that name the file, not the content")
    func faults() throws {
        let empty = try write(Array(" \n".utf8), "empty")
        let binary = try write([0xFF, 0xFE, 0x73, 0x65], "binary")
        for path in [empty, binary, folder.file("absent"), folder.path] {
            let error = #expect(throws: SecretError.self) { try Secret.file(path).read() }
            #expect(error?.description.contains(path) == true)
        }
    }

    @Test("printing a secret does not tell it")
    func printing() {
        let secret = Secret.value("sekret")
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!"\(secret) \(String(reflecting: secret)) \(dumped)".contains("sekret"))
    }
}
