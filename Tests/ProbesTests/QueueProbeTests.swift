import Events
import Foundation
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Probes

@Suite("Queue probe")
struct QueueProbeTests {
    let engine = TransferEngine(telemetry: .silent)

    private func measure(_ queue: QueueProbe.Queue) async -> [Signal] {
        await QueueProbe(name: "q", queue: queue, engine: engine).measure(context())
    }

    @Test("files in a folder: no folders or hidden files, filtered by suffix if configured")
    func folder() async throws {
        let folder = try TemporaryDirectory()
        #expect(await measure(.folder(folder.path)).number("gateway.queue_depth") == 0)
        for name in ["a.job", "b.job", "c.tmp", ".hidden.job"] {
            try "".write(toFile: folder.file(name), atomically: true, encoding: .utf8)
        }
        try FileManager.default.createDirectory(
            atPath: folder.file("d.job"), withIntermediateDirectories: false)
        #expect(await measure(.folder(folder.path)).number("gateway.queue_depth") == 3)
        let jobs = await measure(.folder(folder.path, suffix: ".job"))
        #expect(jobs.number("gateway.queue_depth") == 2)
        let none = await measure(.folder(folder.file("none")))
        #expect(none.reason("gateway.queue_depth") == .missingFile)
        let file = await measure(.folder(folder.file("a.job")))
        #expect(file.reason("gateway.queue_depth") == .unreadable)
    }

    @Test("a number from a service's response")
    func http() async throws {
        let server = try ScriptedServer { $0.answer(#"{"queue":{"depth":17,"name":"x"}}"#) }
        let source = HTTPSource(url: server.url)
        let depth = await measure(.http(source, pointer: "/queue/depth"))
        #expect(depth.number("gateway.queue_depth") == 17)
        let name = await measure(.http(source, pointer: "/queue/name"))
        #expect(name.reason("gateway.queue_depth") == .missingField)
        let negative = try ScriptedServer { $0.answer("-1") }
        let less = await measure(.http(HTTPSource(url: negative.url), pointer: ""))
        #expect(less.reason("gateway.queue_depth") == .garbage)
        let failing = try ScriptedServer { $0.answer("{}", status: 500) }
        let bad = await measure(.http(HTTPSource(url: failing.url), pointer: "/queue"))
        #expect(bad.reason("gateway.queue_depth") == .badStatus)
    }
}
