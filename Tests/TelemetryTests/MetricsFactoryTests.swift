import CoreMetrics
import Telemetry
import Testing

@Suite("Metrics of libraries that use swift-metrics")
struct MetricsFactoryTests {
    let registry = PrometheusRegistry()

    @Test("have names that the format and its lint accept")
    func names() {
        Counter(label: "hb.requests", dimensions: [("hb.uri", "/livez")], factory: registry)
            .increment(by: 3)
        Counter(label: "requestErrors_total", factory: registry).increment()
        FloatingPointCounter(label: "work.done", factory: registry).increment(by: 1.25)
        Meter(label: "pool.connection_count", factory: registry).set(7)
        Gauge(label: "2nd.gauge", factory: registry).record(2)
        Timer(label: "http.server.request.duration", factory: registry)
            .recordNanoseconds(20_000_000)
        Recorder(label: "batch.size", factory: registry).record(30)

        let page = registry.exposition()
        for line in [
            #"hb_requests_total{hb_uri="/livez"} 3"#, "request_errors_total 1",
            "work_done_total 1.25", "pool_connection 7", "_2nd_gauge 2",
            #"http_server_request_duration_seconds_bucket{le="0.01"} 0"#,
            #"http_server_request_duration_seconds_bucket{le="0.025"} 1"#,
            "http_server_request_duration_seconds_sum 0.02", #"batch_size_bucket{le="100"} 1"#,
            "batch_size_count 1",
        ] {
            #expect(page.split(separator: "\n").contains(Substring(line)))
        }
    }

    @Test("handlers with one name share a series, and meters move both ways")
    func shared() {
        Counter(label: "n", factory: registry).increment()
        let second = Counter(label: "n", factory: registry)
        second.increment()
        #expect(registry.value("n_total") == 2)
        second.destroy()
        #expect(registry.value("n_total") == 2)
        second.reset()
        #expect(registry.value("n_total") == 0)

        let meter = Meter(label: "m", factory: registry)
        meter.increment(by: 5)
        meter.decrement(by: 2)
        #expect(registry.value("m") == 3)
    }

    @Test("a counter is zero before its first use")
    func zero() {
        _ = Counter(label: "quiet", factory: registry)
        #expect(registry.value("quiet_total") == 0)
    }
}
