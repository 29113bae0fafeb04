import Events
import Telemetry
import Testing
import Transfer

@testable import Probes

@Suite("Prometheus query probe")
struct PrometheusQueryProbeTests {
    private func vector(_ values: String...) -> String {
        let series = values.map { #"{"metric":{"a":"b"},"value":[1795413600.123,"\#($0)"]}"# }
        return answer(series)
    }

    private func buckets(_ counts: (String, String)...) -> String {
        answer(
            counts.map { #"{"metric":{"le":"\#($0.0)"},"value":[1795413600.123,"\#($0.1)"]}"# })
    }

    private func answer(_ series: [String]) -> String {
        #"{"status":"success","data":{"resultType":"vector","result":[\#(series.joined(separator: ","))]}}"#
    }

    @Test("proportions have their counts; unknown ones are absent, per query")
    func queries() async throws {
        let answers = [
            "sum%28f%7Bcode%3D~%225..%22%7D%29": vector("3.4"), "total": vector("999.8"),
            "none": vector(), "nan": vector("NaN"), "two": vector("1", "2"),
            "inf": vector("+Inf"), "less": vector("-4"), "nought": vector("0"),
            "warned":
                #"{"status":"success","warnings":["partial"],"data":{"resultType":"scalar","result":[1,"5"]}}"#,
        ]
        let server = try ScriptedServer { connection in
            let query = connection.request.split(separator: " ")[1].split(separator: "=")[1]
                .prefix { $0 != "&" }
            if let known = answers[String(query)] { return connection.answer(known) }
            connection.answer(
                #"{"status":"error","errorType":"bad_data","error":"parse error"}"#,
                status: 400)
        }
        let probe = PrometheusQueryProbe(
            name: "prom", server: HTTPSource(url: server.url),
            queries: [
                .share("canary.5xx_rate", failing: #"sum(f{code=~"5.."})"#, total: "total"),
                .share("stable.5xx_rate", failing: "none", total: "total"),
                .share("other.5xx_rate", failing: "total", total: "none"),
                .share("idle.5xx_rate", failing: "nought", total: "nought"),
                .share("odd.5xx_rate", failing: "less", total: "total"),
                .number("canary.p99_ms", "total"), .number("stable.p99_ms", "nan"),
                .number("x.two", "two"), .number("x.inf", "inf"), .number("x.none", "none"),
                .number("x.warned", "warned"), .number("x.y", "1+"),
            ], engine: TransferEngine(telemetry: .silent))
        let signals = await probe.measure(context(allowance: .seconds(20)))
        #expect(signals.map(\.name) == probe.signals.map(\.name))
        // Numbers of requests are whole, although increase() extrapolates.
        #expect(signals.number("canary.5xx_rate") == 0.003)
        #expect(signals["canary.5xx_rate"]?.evidence == .counter(failing: 3, total: 1000))
        // An expression without a result must not count as "no failures".
        #expect(
            signals["stable.5xx_rate"]?.value
                == .absent(why: "missing_field", detail: "failing: the query gives no series none"))
        #expect(signals.reason("other.5xx_rate") == .missingField)
        #expect(signals.reason("idle.5xx_rate") == .noTraffic)
        #expect(signals.reason("odd.5xx_rate") == .garbage)
        #expect(signals.number("canary.p99_ms") == 999.8)
        #expect(signals.reason("stable.p99_ms") == .noTraffic)
        #expect(signals.reason("x.two") == .garbage)
        #expect(signals.reason("x.inf") == .garbage)
        #expect(signals.reason("x.none") == .missingField)
        #expect(signals.reason("x.warned") == .garbage)
        #expect(signals["x.y"]?.value == .absent(why: "bad_status", detail: "parse error"))
        // One request per expression, even if it is used several times.
        #expect(server.requests.count == 10)
        #expect(server.requests.allSatisfy { $0.hasPrefix("GET /api/v1/query?query=") })
    }

    @Test("every query is for the window: its end is the time")
    func window() {
        let window = MeasurementWindow(
            start: Timestamp(milliseconds: 1_766_000_000_050),
            end: Timestamp(milliseconds: 1_766_000_005_050))
        #expect(
            PrometheusQueryProbe.parameters("increase(a[5000ms]) / b[5000ms]", window)
                == "query=increase%28a%5B5000ms%5D%29%20%2F%20b%5B5000ms%5D&time=1766000005.050")
        #expect(
            PrometheusQueryProbe(
                name: "a", server: HTTPSource(url: "http://x"), queries: [],
                engine: TransferEngine(telemetry: .silent)
            ).isPerWindow)
    }

    @Test("a quantile has its histogram, with edges in milliseconds")
    func quantile() async throws {
        let good = buckets(("+Inf", "101.2"), ("0.25", "50"), ("0.5", "99"))
        let bad = [
            "none": answer([]), "plain": vector("1"), "open": buckets(("0.5", "9"), ("1", "10")),
            "empty": buckets(("1", "0"), ("+Inf", "0")),
        ]
        let server = try ScriptedServer { connection in
            let query = connection.request.split(separator: " ")[1].split(separator: "=")[1]
                .prefix { $0 != "&" }
            connection.answer(bad[String(query)] ?? good)
        }
        let probe = PrometheusQueryProbe(
            name: "prom", server: HTTPSource(url: server.url),
            queries: [.quantile(0.5, "canary.p50_ms", buckets: "good")]
                + bad.keys.sorted().map { .quantile(0.5, "\($0).p50_ms", buckets: $0) },
            engine: TransferEngine(telemetry: .silent))
        let signals = await probe.measure(context(allowance: .seconds(20)))
        let median = try #require(signals["canary.p50_ms"])
        #expect(median.unit == .milliseconds)
        #expect(
            median.evidence
                == .histogram(edges: [250, 500, .infinity], cumulative: [50, 99, 101]))
        #expect(abs((median.number ?? 0) - (250 + 250 * 0.5 / 49)) < 1e-9)
        #expect(signals.reason("none.p50_ms") == .missingField)
        for name in ["plain", "open"] {
            #expect(signals.reason("\(name).p50_ms") == .garbage, "\(name)")
        }
        #expect(signals.reason("empty.p50_ms") == .noTraffic)
    }

    @Test(
        "a response that reports partial data in any form is missing data",
        arguments: [
            #""isPartial":true"#, #""isPartial":"true""#, #""isPartial":1"#,
            #""warnings":["a store is away"]"#, #""warnings":[{"store":"a"}]"#,
            #""warnings":"a store is away""#, #""warnings":{"a":1}"#, #""warnings":true"#,
            #""infos":["metric might not be a counter"]"#,
            // Other spellings, and an error beside a success.
            #""is_partial":true"#, #""partial":true"#, #""partialResponse":true"#,
            #""Warnings":["a store is away"]"#, #""warning":"a store is away""#,
            #""error":"a store is away""#, #""errors":[{"store":"a"}]"#,
            #""errorType":"timeout""#,
        ])
    func partial(member: String) {
        let body =
            #"{"status":"success",\#(member),"data":{"resultType":"scalar","result":[1,"5"]}}"#
        do {
            _ = try QueryAnswer(reading: Array(body.utf8))
            Issue.record("accepted: \(member)")
        } catch {
            #expect(error.reason == .garbage)
            #expect(!error.detail.isEmpty)
        }
    }

    @Test(
        "partial data that is reported beside the result is missing data",
        arguments: [
            #""warnings":["a store is away"]"#, #""isPartial":true"#, #""error":"a store is away""#,
        ])
    func partialResult(member: String) {
        for type in [#""scalar","result":[1,"5"]"#, #""vector","result":[{"value":[1,"5"]}]"#] {
            let body = #"{"status":"success","data":{\#(member),"resultType":\#(type)}}"#
            do {
                _ = try QueryAnswer(reading: Array(body.utf8))
                Issue.record("accepted: \(body)")
            } catch {
                #expect(error.reason == .garbage)
                #expect(!error.detail.isEmpty)
            }
        }
    }

    @Test(
        "members that report complete data are accepted",
        arguments: [
            #""isPartial":false"#, #""warnings":[]"#, #""infos":null"#, #""warnings":"""#,
            #""error":"""#, #""errorType":null"#, #""partial":false"#, #""stats":{"a":1}"#,
            #""trace":{"message":"x"}"#,
        ])
    func whole(member: String) throws {
        let body =
            #"{"status":"success",\#(member),"data":{"resultType":"scalar","result":[1,"5"]}}"#
        #expect(try QueryAnswer(reading: Array(body.utf8)).number() == 5)
    }

    @Test(
        "unexpected result types are missing data",
        arguments: [
            #""matrix","result":[]"#, #""string","result":[1,"5"]"#, #""vector","result":{}"#,
            #""scalar","result":[]"#, #""streams","result":[]"#,
        ])
    func resultTypes(data: String) {
        let body = #"{"status":"success","data":{"resultType":\#(data)}}"#
        #expect(throws: MissingData.self) { try QueryAnswer(reading: Array(body.utf8)) }
    }

    @Test(
        "two spellings of one edge are one bucket",
        arguments: [("1", "1.0"), ("0.1", "0.10"), ("1e+06", "1000000.0"), ("+Inf", "Inf")])
    func edgeSpellings(a: String, b: String) throws {
        let other = a == "+Inf" ? ("0.5", "2") : ("+Inf", "9")
        let body = buckets((a, "3"), (b, "4"), other)
        let histogram = try QueryAnswer(reading: Array(body.utf8)).histogram(scale: 1)
        #expect(histogram.edges.count == 2)
        #expect(histogram.cumulative == (a == "+Inf" ? [2, 7] : [7, 9]))
    }

    @Test("a scalar is a number too")
    func scalar() throws {
        let body = #"{"status":"success","data":{"resultType":"scalar","result":[1,"2.5"]}}"#
        #expect(try QueryAnswer(reading: Array(body.utf8)).number() == 2.5)
    }

    @Test(
        "responses without a usable result",
        arguments: [
            "", "{}", "null", #"{"status":"success"}"#,
            #"{"status":"success","data":{"resultType":"matrix","result":[]}}"#,
            #"{"status":"success","data":{"resultType":"scalar","result":[1]}}"#,
            #"{"status":"success","data":{"resultType":"vector","result":{}}}"#,
            #"{"status":"success","data":{"resultType":"vector","result":[{"value":[1,2]}]}}"#,
            #"{"status":"success","data":{"resultType":"vector","result":[{},{}]}}"#,
        ])
    func garbage(body: String) {
        do throws(MissingData) {
            let answer = try QueryAnswer(reading: Array(body.utf8))
            Issue.record("accepted as \(answer)")
        } catch {
            #expect(error.reason == .garbage)
        }
    }
}
