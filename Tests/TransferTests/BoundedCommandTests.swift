import Foundation
import TestSupport
import Testing
import Transfer

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("Commands with limits")
struct BoundedCommandTests {
    private func run(_ script: String, input: String = "") throws -> String {
        let end = try BoundedCommand(
            arguments: ["/bin/sh", "-c", script], environment: ["PATH=/usr/bin:/bin"],
            input: Array(input.utf8), maxOutput: 4096, keepsErrors: true
        ).run(within: .seconds(60)).get()
        return String(decoding: end.output, as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test("a script that is open for writing is started when it is closed")
    func busy() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("script")
        try "#!/bin/sh\necho started\n".write(toFile: path, atomically: true, encoding: .utf8)
        try #require(chmod(path, 0o755) == 0)
        let command = BoundedCommand(
            arguments: [path], environment: ["PATH=/usr/bin:/bin"], maxOutput: 4096)
        // Not inherited by the processes of other tests, which would keep it open.
        let writer = open(path, O_WRONLY | O_CLOEXEC)
        try #require(writer >= 0)
        #if os(Linux)
            // Other systems start a file that is open for writing.
            let fault = #expect(throws: CommandFault.self) {
                try command.run(within: .milliseconds(20)).get()
            }
            #expect(fault?.kind == .busy)
        #endif
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(50)) { close(writer) }
        #expect(try command.run(within: .seconds(60)).get().output == Array("started\n".utf8))
    }

    #if os(Linux)
        @Test(
            "a command has its three streams and no other descriptor of ours", arguments: ["", "x"])
        func descriptors(input: String) throws {
            let folder = try TemporaryDirectory()
            // As libraries without close-on-exec leave them.
            var open: [Int32] = []
            defer { for descriptor in open { close(descriptor) } }
            for name in 0..<8 {
                open.append(creat(folder.file("\(name)"), 0o600))
                open.append(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
            }
            try #require(open.allSatisfy { $0 > 2 })
            // Another process lists the shell's descriptors: with a pipe, the shell would have one
            // more.
            let seen = try run("ls /proc/$$/fd; true", input: input)
            #expect(seen.split(separator: "\n") == ["0", "1", "2"])
        }

        @Test("a server that a test starts holds no connection of the test open")
        func testServers() async throws {
            let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(socket) }
            let child = try ChildProcess("/bin/sh", ["-c", "ls /proc/$$/fd; true"])
            try await child.waitForExit()
            #expect(child.output.split(separator: "\n") == ["0", "1", "2"])
        }
    #endif
}
