import Testing

@testable import Events

struct MetricUnitTests {
    @Test(arguments: [
        ("canary.p99_ms", MetricUnit.milliseconds), ("canary.5xx_rate", .ratio),
        ("canary.error_rate_5xx", .ratio), ("cache.hit_ratio", .ratio),
        ("gateway.heap_bytes", .bytes), ("doctor.age_s", .seconds), ("x.wait_seconds", .seconds),
        ("tls.left_days", .days), ("canary.rps", .count), ("canary.total_rps", .perSecond),
        ("a.lines_per_s", .perSecond), ("gateway.disk_ok", .flag),
        ("gateway.worker_reachable", .flag), ("worker.alive", .count),
        ("worker.is_alive", .flag), ("doctor.fresh", .flag),
        ("doctor.refresh", .count), ("gateway.queue_depth", .count),
    ])
    func namesTellUnits(name: String, unit: MetricUnit) {
        #expect(MetricUnit(metricName: name) == unit)
    }

    @Test(
        arguments: [
            (MetricUnit.ratio, 0.019, "1.9 %"), (.ratio, 0, "0 %"),
            (.ratio, 0.00012345, "0.0123 %"),
            (.ratio, 1, "100 %"), (.ratio, 1e-12, "0 %"), (.ratio, -0.004, "-0.4 %"),
            (.milliseconds, 420, "420 ms"), (.milliseconds, 182.352941, "182 ms"),
            (.milliseconds, 1234.5, "1235 ms"), (.milliseconds, 1.2345, "1.23 ms"),
            (.seconds, 12.5, "12.5 s"), (.days, 30, "30 d"), (.bytes, 512, "512 B"),
            (.bytes, 1536, "1.5 KiB"), (.bytes, 5e15, "4547 TiB"), (.perSecond, 12, "12/s"),
            (.count, 3, "3"), (.count, 1e20, "1e+20"), (.flag, 1, "yes"), (.flag, 0, "no"),
            (.count, .nan, "?"), (.ratio, .infinity, "?"),
        ] as [(MetricUnit, Double, String)])
    func valuesAreWorded(unit: MetricUnit, value: Double, words: String) {
        #expect(unit.words(for: value) == words)
    }
}
