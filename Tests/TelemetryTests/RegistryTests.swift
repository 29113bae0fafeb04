import Events
import Synchronization
import Telemetry
import Testing

@Suite("The metrics page")
struct RegistryTests {
    let registry = PrometheusRegistry()

    @Test("counters, gauges and histograms, ordered by name and label, byte for byte")
    func page() {
        registry.set("bellwether_b", to: 1.5, help: "B.")
        registry.count(
            "bellwether_a", help: "A \\ of\nall.", labels: [("z", "1"), ("a", "x\"y\\z\n")])
        registry.count(
            "bellwether_a_total", by: 2, help: "ignored", labels: [("a", "b"), ("z", "1")])
        for value in [0.5, 1, 3] {
            registry.observe(
                "bellwether_c_seconds", value, help: "C.", buckets: [2, 1, .infinity],
                labels: [("p", "q")])
        }
        #expect(
            registry.exposition() == #"""
                # HELP bellwether_a_total A \\ of\nall.
                # TYPE bellwether_a_total counter
                bellwether_a_total{a="b",z="1"} 2
                bellwether_a_total{a="x\"y\\z\n",z="1"} 1
                # HELP bellwether_b B.
                # TYPE bellwether_b gauge
                bellwether_b 1.5
                # HELP bellwether_c_seconds C.
                # TYPE bellwether_c_seconds histogram
                bellwether_c_seconds_bucket{p="q",le="1"} 2
                bellwether_c_seconds_bucket{p="q",le="2"} 2
                bellwether_c_seconds_bucket{p="q",le="+Inf"} 3
                bellwether_c_seconds_sum{p="q"} 4.5
                bellwether_c_seconds_count{p="q"} 3

                """#)
    }

    @Test("numbers are read back unchanged")
    func numbers() throws {
        for number in [0.1, -2, 1e15, 1e300, .leastNonzeroMagnitude, 1.0 / 3] {
            registry.set("n", to: number, help: "")
            let line = try #require(registry.exposition().split(separator: "\n").last)
            #expect(Double(line.dropFirst(2)) == number)
        }
        registry.set("n", to: .nan, help: "")
        #expect(registry.exposition().hasSuffix("\nn NaN\n"))
        registry.set("n", to: -.infinity, help: "")
        #expect(registry.exposition().hasSuffix("\nn -Inf\n"))
    }

    @Test("hostile label values stay on one line, are inert, and are cut")
    func hostile() {
        registry.count(
            "h", help: "H.",
            labels: [("peer", "a\u{1B}[31m\u{202E}\r\u{0}b"), ("le", "1"), ("x-y", "2")])
        let page = registry.exposition()
        #expect(page.split(separator: "\n").count == 3)
        #expect(
            page.contains(
                #"h_total{exported_le="1",peer="a\#u{FFFD}[31m\#u{FFFD}\#u{FFFD}\#u{FFFD}b",x_y="2"} 1"#
            ))
        registry.count("long", help: "", labels: [("v", String(repeating: "é", count: 5000))])
        #expect(registry.exposition().utf8.count < 1000)
    }

    @Test("rejected values are counted by reason, and the page stays valid")
    func dropped() {
        let registry = PrometheusRegistry(seriesPerMetric: 3, metrics: 3)
        for i in 0..<10 { registry.count("wide", help: "W.", labels: [("i", "\(i)")]) }
        registry.count("wide", by: 5, help: "W.", labels: [("i", "0")])
        registry.set("wide_total", to: 1, help: "as a gauge")
        registry.count("wide", by: -1, help: "W.")
        registry.observe("h", .nan, help: "")
        for i in 0..<5 { registry.set("gauge\(i)", to: 1, help: "") }
        #expect(registry.value("wide_total", labels: [("i", "0")]) == 6)
        let page = registry.exposition()
        let dropped = page.split(separator: "\n").filter {
            $0.hasPrefix("bellwether_metrics_dropped")
        }
        #expect(
            dropped == [
                #"bellwether_metrics_dropped_total{metric="(further metrics)",reason="too_many_metrics"} 3"#,
                #"bellwether_metrics_dropped_total{metric="h",reason="nan"} 1"#,
                #"bellwether_metrics_dropped_total{metric="wide_total",reason="kind"} 1"#,
                #"bellwether_metrics_dropped_total{metric="wide_total",reason="negative"} 1"#,
                #"bellwether_metrics_dropped_total{metric="wide_total",reason="too_many_series"} 7"#,
            ])
        #expect(!page.contains(#"i="3""#))
    }

    @Test("every count from every thread is included")
    func concurrent() async {
        await withTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        registry.count("n", help: "", labels: [("task", "\(task % 2)")])
                        registry.observe("d", 1, help: "")
                    }
                }
            }
        }
        #expect(registry.value("n_total", labels: [("task", "0")]) == 4000)
        #expect(registry.value("n_total", labels: [("task", "1")]) == 4000)
        #expect(registry.value("d") == 8000)
        #expect(registry.value("never") == nil)
    }

    @Test("samplers run before each exposition and may use the registry")
    func samplers() {
        let reads = Mutex(0)
        registry.beforeExposition { registry in
            let count = reads.withLock {
                $0 += 1
                return $0
            }
            registry.set("sampled", to: Double(count), help: "")
        }
        #expect(registry.exposition().hasSuffix("sampled 1\n"))
        #expect(registry.exposition().hasSuffix("sampled 2\n"))
    }
}
