import Foundation
import Telemetry
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

/// Connections of strangers never use the file descriptors that the node itself needs.
@Suite("Descriptors", .serialized)
struct DescriptorTests {
    /// Connections that send nothing, open until this value is destroyed.
    private final class Idlers: Sendable {
        private let sockets: [Int32]

        init(_ count: Int, port: Int) {
            sockets = (0..<count).compactMap { _ in Self.connect(port) }
        }

        var count: Int { sockets.count }

        deinit { for descriptor in sockets { close(descriptor) } }

        private static func connect(_ port: Int) -> Int32? {
            #if canImport(Glibc)
                let stream = Int32(SOCK_STREAM.rawValue)
            #else
                let stream = Int32(SOCK_STREAM)
            #endif
            let descriptor = socket(AF_INET, stream, 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(UInt16(port).bigEndian)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    #if canImport(Darwin)
                        Darwin.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    #elseif canImport(Musl)
                        Musl.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    #else
                        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    #endif
                }
            }
            guard result == 0 else {
                close(descriptor)
                return nil
            }
            return descriptor
        }
    }

    /// A node whose timeouts for silent connections are longer than any test.
    private static func node(_ engine: TransferEngine, log: String = "") throws -> NodeProcess {
        let node = try NodeProcess("gw-d1", engine: engine, yaml: BadInputTests.yaml + log)
        let text = try String(contentsOfFile: node.configuration, encoding: .utf8)
        try text.replacingOccurrences(of: "limits: {", with: "limits: {header_timeout: 600s, ")
            .write(toFile: node.configuration, atomically: true, encoding: .utf8)
        return node
    }

    /// Runs under a soft and a hard limit of open files.
    private static func run(
        _ node: NodeProcess, _ command: String..., openFiles: Int
    ) throws -> ChildProcess {
        try ChildProcess(
            "/bin/sh",
            ["-c", "ulimit -n \(openFiles) && exec \"$0\" \"$@\"", NodeProcess.executable]
                + command + ["--config", node.configuration])
    }

    @Test("start and check report a limit that is too low")
    func tooLow() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try Self.node(engine)
        let serve = try Self.run(node, "serve", openFiles: 64)
        #expect(try await serve.waitForExit() == .code(70))
        #expect(serve.errors.contains("the limit of open files, 64, is too low to serve"))
        #expect(serve.errors.contains("ulimit -n"))
        let check = try Self.run(node, "check", openFiles: 64)
        #expect(try await check.waitForExit() == .code(0))
        #expect(check.errors.contains("the limit of open files, 64, is too low to serve"))
    }

    @Test("with more idle connections than descriptors the node responds, ingests and rotates")
    func crowd() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try Self.node(engine, log: "\nlog: {segment_bytes: 64KiB}\n")
        let child = try Self.run(node, "serve", openFiles: 256)
        try await node.untilReady()
        let token = try node.token("ingest")
        let idlers = Idlers(600, port: node.port)
        #expect(idlers.count == 600)

        let ready = try await node.get("/readyz")
        #expect(ready.status == 200)
        for round in 0..<20 {
            let lines = (0..<100).map {
                StatusPageTests.line("crowd-\(round)-\($0)", az: "a", 1, "healthy") + "\n"
            }
            let taken = try await node.post("/v1/events", token: token, lines.joined())
            #expect(taken.status == 200)
            #expect(!String(decoding: taken.body, as: UTF8.self).contains("\"shed\""))
        }
        let metrics = String(decoding: try await node.get("/metrics").body, as: UTF8.self)
        let open = try #require(Self.value("process_open_fds", metrics))
        #expect(open < 256 - 64, "descriptors are left for log, state and receivers")
        #expect(
            (Self.value(#"bellwether_connections_cut_total{cause="displaced"}"#, metrics) ?? 0) > 0)
        let files = try FileManager.default.contentsOfDirectory(atPath: node.data + "/log")
        #expect(files.count { $0.hasSuffix(".jsonl.gz") || $0.hasSuffix(".jsonl") } > 2)
        child.terminate()
        #expect(try await child.waitForExit() == .code(0))
    }

    private static func value(_ name: String, _ page: String) -> Double? {
        page.split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
    }

    #if os(Linux)
        /// CPU time of a process so far, in clock ticks (proc(5)).
        private static func ticks(_ pid: pid_t) throws -> Int {
            let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
            let fields = try #require(stat.split(separator: ")").last).split(separator: " ")
            return try #require(Int(fields[11])) + #require(Int(fields[12]))
        }

        @Test("without a descriptor for a new connection the accept loop pauses, then continues")
        func noDescriptor() async throws {
            let engine = TransferEngine(telemetry: .silent)
            defer { engine.shutdown() }
            let node = try Self.node(engine)
            let child = try node.start()
            try await node.untilReady()
            func limit(_ files: String) async throws {
                let set = try ChildProcess(
                    "prlimit", ["--pid", "\(child.pid)", "--nofile=\(files)"])
                #expect(try await set.waitForExit() == .code(0))
            }
            try await limit("8:4096")
            let idlers = Idlers(10, port: node.port)
            #expect(idlers.count == 10)
            let before = try Self.ticks(child.pid)
            try await Task.sleep(for: .seconds(3))
            let used = try Self.ticks(child.pid) - before
            // A loop without a pause uses a whole core: 300 ticks.
            #expect(used < 120)
            try await limit("4096:4096")
            try await eventually("it accepts again") {
                (try? await node.get("/readyz"))?.status == 200
            }
        }

        @Test("no core dump, which could contain a token, is written")
        func noCore() async throws {
            let engine = TransferEngine(telemetry: .silent)
            defer { engine.shutdown() }
            let node = try Self.node(engine)
            let child = try node.start()
            try await node.untilReady()
            let limits = try String(contentsOfFile: "/proc/\(child.pid)/limits", encoding: .utf8)
            let core = try #require(
                limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") })
            #expect(core.split(separator: " ").suffix(3).first == "0", "\(core)")
            #expect(core.split(separator: " ").suffix(2).first == "0", "\(core)")
        }
    #endif
}
