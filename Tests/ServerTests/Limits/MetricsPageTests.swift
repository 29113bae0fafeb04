import Synchronization
import Telemetry
import Testing

@testable import Server

@Suite("The page of metrics")
struct MetricsPageTests {
    private func page(_ freshness: Duration) -> (page: MetricsPage, samples: () -> Int) {
        let registry = PrometheusRegistry()
        let count = Samples()
        let page = MetricsPage(registry, freshness: freshness) {
            await Task.yield()
            registry.set("samples", to: Double(count.next()), help: "Samples taken.")
        }
        return (page, { count.taken })
    }

    @Test("callers within its freshness share one rendering, also while it is under way")
    func shared() async {
        let (page, samples) = page(.seconds(3600))
        let pages = await withTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<200 { group.addTask { await page.current() } }
            return await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(pages.count == 1 && samples() == 1)
        #expect(await String(decoding: page.current(), as: UTF8.self).contains("samples 1\n"))
        #expect(samples() == 1)
    }

    @Test("an old page is rendered anew")
    func anew() async {
        let (page, samples) = page(.zero)
        for _ in 1...3 { _ = await page.current() }
        #expect(samples() == 3)
        #expect(await String(decoding: page.current(), as: UTF8.self).contains("samples 4\n"))
    }
}

private final class Samples: Sendable {
    private let count = Mutex(0)

    var taken: Int { count.withLock { $0 } }

    func next() -> Int {
        count.withLock {
            $0 += 1
            return $0
        }
    }
}
