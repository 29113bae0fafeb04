import Foundation
import Secrets
import TestSupport
import Testing

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

    @Test("the value is read as configured, and the displayed form differs")
    func configured() throws {
        let secret = Secret.expanded("${env:TOKEN}", value: " four ")
        #expect(try secret.read() == "four")
        #expect(secret.shown == "${env:TOKEN}")
        #expect(secret.isSet && !Secret.unset.isSet)
        for empty in [Secret.unset, .value(""), .value(" \n")] {
            #expect(throws: SecretFault.self) { try empty.read() }
        }
    }

    @Test("a byte order mark is ignored; a second line is a fault")
    func marks() throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        #expect(try Secret.file(write(mark + Array("xoxb-1\r\n".utf8))).read() == "xoxb-1")
        #expect(try Secret.value("\u{FEFF}xoxb-1\n").read() == "xoxb-1")
        for (bytes, words) in [
            (Array("one\ntwo\n".utf8), "more than one line"),
            ([0xFF, 0xFE, 0x78, 0x00], "UTF-16"), ([0xFE, 0xFF, 0x00, 0x78], "UTF-16"),
            (mark, "empty"),
        ] as [([UInt8], String)] {
            let path = try write(bytes)
            let fault = #expect(throws: SecretFault.self) { try Secret.file(path).read() }
            #expect(fault?.fault.contains(words) == true, "\(words)")
        }
        #expect(throws: SecretFault.self) { try Secret.value("one\ntwo").read() }
    }

    @Test(
        "a pipe without a writer is refused, without blocking", .timeLimit(.minutes(1)))
    func pipe() throws {
        let pipe = folder.file("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        #expect(throws: SecretFault.self) { try Secret.file(pipe).read() }
    }

    @Test("missing, empty and binary files are faults that name the file, not the content")
    func faults() throws {
        let empty = try write(Array(" \n".utf8), "empty")
        let binary = try write([0xFF, 0xFE, 0x73, 0x65], "binary")
        let large = try write(Array(repeating: 0x78, count: 70_000), "large")
        for path in [empty, binary, large, folder.file("absent"), folder.path] {
            let error = #expect(throws: SecretFault.self) { try Secret.file(path).read() }
            #expect(error?.description.contains(path) == true)
        }
    }

    @Test("printing a secret does not reveal it")
    func printing() {
        let secret = Secret.value("sekret")
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!"\(secret) \(String(reflecting: secret)) \(dumped)".contains("sekret"))
    }

    @Test("a text that is not a path is not repeated as one")
    func notAPath() throws {
        let token = "bw_vJ3mX0S9q8N2r7T1kLw5Zy4Hc6"
        for text in [token, "hunter2", "/vJ3mX0S9q8N2r7T1kLw5Zy4Hc6"] {
            let error = #expect(throws: SecretFault.self) { try Secret.file(text).read() }
            #expect(error?.description.contains(text) == false)
            #expect(Secret.file(text).shown == "(hidden)")
        }
        for path in ["/run/secrets/token", "./token", "../secrets/token"] {
            #expect(Secret.file(path).shown == path)
        }
    }

    @Test(
        "an address is displayed without possible secrets",
        arguments: [
            ("https://a:1/b?x=1#y", "https://a:1/b?x=1#y"),
            ("https://me:pw@a:1/b", "https://(hidden)@a:1/b"),
            ("https://me:p/w@a:1/b", "https://(hidden)@a:1/b"),
            ("https://me@a/", "https://(hidden)@a/"),
            ("https://a/?Token=t&b=c", "https://a/?Token=(hidden)&b=c"),
            ("https://a/hooks/bw_vJ3mX0S9q8N2r7T1k/x", "https://a/hooks/(hidden)/x"),
            ("https://a/?n=vJ3mX0S9q8N2r7T1kLw5", "https://a/?n=(hidden)"),
            ("bw_vJ3mX0S9q8N2r7T1k", "(hidden)"), ("", ""), ("a.b:80", "a.b:80"),
        ])
    func addresses(text: String, shown: String) { #expect(ShownText.url(text) == shown) }
}
