import Events
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Probes

@Suite("Formats of a metrics page")
struct PageFormatTests {
    let engine = TransferEngine(telemetry: .silent)
    private static let openMetrics =
        "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"

    /// The results of two scrapes of a page; the second has 100 more requests, 3 of which failed.
    private func signals(
        _ page: @escaping @Sendable (_ more: Int) -> String, headers: String = openMetrics,
        metrics: RequestMetrics = RequestMetrics()
    ) async throws -> (signals: [Signal], requests: [String]) {
        let looks = Counter()
        let server = try ScriptedServer { connection in
            let body = page(looks.add() == 1 ? 0 : 1)
            connection.send(
                "HTTP/1.1 200 OK\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
        let clock = ManualClock()
        let probe = PrometheusProbe(
            name: "p", source: HTTPSource(url: server.url), metrics: metrics, engine: engine,
            wall: clock.wall, policy: UpstreamPolicy(attempts: 1))
        await probe.sample()
        clock.advance(by: .seconds(30))
        let signals = await probe.measure(
            context(now: clock.wall.now, allowance: .seconds(20)))
        return (signals, server.requests)
    }

    @Test("OpenMetrics is requested and parsed: suffixes, exemplars, units, creation times")
    func read() async throws {
        let (signals, requests) = try await signals { more in
            """
            # TYPE http_requests counter
            # HELP http_requests Requests.
            http_requests_total{role="canary",code="200"} \(1000 + more * 97) 1795413600.123
            http_requests_total{role="canary",code="500"} \(more * 3).0 # {trace_id="a b"} 0.5 1795413600.1
            http_requests_created{role="canary",code="200"} 1795413000.5
            # TYPE http_request_duration_seconds histogram
            # UNIT http_request_duration_seconds seconds
            http_request_duration_seconds_bucket{role="canary",le="0.1"} \(more * 50) # {trace_id="x"} 0.05
            http_request_duration_seconds_bucket{role="canary",le="+Inf"} \(more * 100)
            http_request_duration_seconds_created{role="canary"} 1795413000.5
            # EOF
            """
        }
        #expect(
            requests[0].contains(
                "\r\nAccept: application/openmetrics-text;version=1.0.0;q=0.9,text/plain;"))
        #expect(signals["canary.5xx_rate"]?.evidence == .counter(failing: 3, total: 100))
        #expect(signals.number("canary.p99_ms") == 100)
    }

    @Test("a counter configured without _total is found with it in OpenMetrics only")
    func suffix() async throws {
        var metrics = RequestMetrics(histogram: nil)
        metrics.counter = "rq"
        let (found, _) = try await signals(
            { "rq_total{role=\"canary\",code=\"200\"} \(10 + $0 * 7)\n# EOF\n" }, metrics: metrics)
        #expect(found.number("canary.requests") == 7)
        // In the text format both names are metrics of their own.
        let (exact, _) = try await signals(
            {
                "rq{role=\"canary\",code=\"200\"} \($0 * 5)\nrq_total{role=\"canary\",code=\"200\"} \($0 * 9)\n"
            }, headers: "Content-Type: text/plain; version=0.0.4\r\n", metrics: metrics)
        #expect(exact.number("canary.requests") == 5)
    }

    @Test("truncated, unsupported and unit mismatches are missing data with a reason")
    func named() async throws {
        let line = "http_requests_total{role=\"canary\",code=\"200\"} 1\n"
        for (page, headers, words) in [
            (line, Self.openMetrics, "without # EOF"),
            (line + "# EOFF\n", Self.openMetrics, "without # EOF"),
            (line + "x # EOF\n", Self.openMetrics, "without # EOF"),
            (
                "# UNIT http_request_duration_seconds milliseconds\n\(line)# EOF\n",
                Self.openMetrics, "\"milliseconds\", read as seconds: set latency_unit"
            ),
            (
                "\u{8}\u{12}",
                "Content-Type: application/vnd.google.protobuf; encoding=delimited\r\n",
                "protobuf, which native histograms need, is not supported"
            ),
        ] {
            let (signals, _) = try await signals({ _ in page }, headers: headers)
            guard case .absent(let why, let detail)? = signals["canary.5xx_rate"]?.value else {
                Issue.record("\(words): \(signals)")
                continue
            }
            #expect(why == "garbage" && detail.contains(words), "\(detail)")
        }
        let native =
            #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1,{"count":"3"}]}]}}"#
        #expect(throws: MissingData.self) { try QueryAnswer(reading: Array(native.utf8)) }
        do { _ = try QueryAnswer(reading: Array(native.utf8)) } catch {
            #expect(error.detail.contains("native histogram, which is not supported"))
        }
    }
}
