import Events
import Foundation
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Probes

@Suite("What waits in a queue")
struct QueueProbeTests {
    let engine = TransferEngine(telemetry: .silent)

    private func measure(_ queue: QueueProbe.Queue) async -> [Signal] {
        await QueueProbe(name: "q", queue: queue, engine: engine).measure(context())
    }

    @Test("files in a folder: no folders, no hidden ones, by suffix when asked")
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

    @Test("a number that a service tells")
    func http() async throws {
        let server = try ScriptedServer { $0.answer(#"{"queue":{"depth":17,"name":"x"}}"#) }
        let source = HTTPSource(url: server.url)
        let depth = await measure(.http(source, pointer: "/queue/depth"))
        #expect(depth.number("gateway.queue_depth") == 17)
        let name = await measure(.http(source, pointer: "/queue/name"))
        #expect(name.reason("gateway.queue_depth") == .missingField)
        let failing = try ScriptedServer { $0.answer("{}", status: 500) }
        let bad = await measure(.http(HTTPSource(url: failing.url), pointer: "/queue"))
        #expect(bad.reason("gateway.queue_depth") == .badStatus)
    }
}

@Suite("Numbers from a Prometheus server")
struct PrometheusQueryProbeTests {
    private func vector(_ values: String...) -> String {
        let series = values.map { #"{"metric":{"a":"b"},"value":[1795413600.123,"\#($0)"]}"# }
        return
            #"{"status":"success","data":{"resultType":"vector","result":[\#(series.joined(separator: ","))]}}"#
    }

    @Test("shares carry their counts; what cannot be told is absent, query by query")
    func queries() async throws {
        let (three, thousand, empty, nan) = (
            vector("3"), vector("1000"), vector(), vector("NaN")
        )
        let server = try ScriptedServer { connection in
            let query = connection.request.split(separator: " ")[1].split(separator: "=")[1]
            switch query {
            case "sum%28f%7Bcode%3D~%225..%22%7D%29": connection.answer(three)
            case "total": connection.answer(thousand)
            case "none": connection.answer(empty)
            case "nan": connection.answer(nan)
            default:
                connection.answer(
                    #"{"status":"error","errorType":"bad_data","error":"parse error"}"#,
                    status: 400)
            }
        }
        let probe = PrometheusQueryProbe(
            name: "prom", server: HTTPSource(url: server.url),
            queries: [
                .share("canary.5xx_rate", failing: #"sum(f{code=~"5.."})"#, total: "total"),
                .share("stable.5xx_rate", failing: "none", total: "total"),
                .share("other.5xx_rate", failing: "total", total: "none"),
                .number("canary.p99_ms", "total"), .number("stable.p99_ms", "nan"),
                .number("x.y", "1+"),
            ], engine: TransferEngine(telemetry: .silent))
        let signals = await probe.measure(context(allowance: .seconds(20)))
        #expect(signals.map(\.name) == probe.signals.map(\.name))
        #expect(signals.number("canary.5xx_rate") == 0.003)
        #expect(signals["canary.5xx_rate"]?.evidence == .counter(failing: 3, total: 1000))
        #expect(signals.number("stable.5xx_rate") == 0)
        #expect(signals.reason("other.5xx_rate") == .missingField)
        #expect(signals.number("canary.p99_ms") == 1000)
        #expect(signals.reason("stable.p99_ms") == .noTraffic)
        #expect(signals["x.y"]?.value == .absent(why: "bad_status", detail: "parse error"))
        // One request for each expression, however often it is used.
        #expect(server.requests.count == 5)
        #expect(server.requests.allSatisfy { $0.hasPrefix("GET /api/v1/query?query=") })
    }

    @Test("a scalar is a number as well")
    func scalar() throws {
        let body = #"{"status":"success","data":{"resultType":"scalar","result":[1,"2.5"]}}"#
        #expect(try PrometheusQueryProbe.value(in: Array(body.utf8)) == 2.5)
    }

    @Test(
        "answers that say nothing",
        arguments: [
            "", "{}", "null", #"{"status":"success"}"#,
            #"{"status":"success","data":{"resultType":"matrix","result":[]}}"#,
            #"{"status":"success","data":{"resultType":"scalar","result":[1]}}"#,
            #"{"status":"success","data":{"resultType":"vector","result":{}}}"#,
            #"{"status":"success","data":{"resultType":"vector","result":[{"value":[1,2]}]}}"#,
            #"{"status":"success","data":{"resultType":"vector","result":[{},{}]}}"#,
        ])
    func garbage(body: String) {
        do throws(Absence) {
            let value = try PrometheusQueryProbe.value(in: Array(body.utf8))
            Issue.record("accepted as \(String(describing: value))")
        } catch {
            #expect(error.reason == .garbage)
        }
    }
}
