import Telemetry
import Testing

@Suite("CPU time of background work")
struct BackgroundWorkTests {
    let telemetry = Telemetry.silent

    private func seconds(_ work: BackgroundWork) throws -> Double? {
        let line = telemetry.registry.exposition().split(separator: "\n").first {
            $0.hasPrefix("bellwether_background_cpu_seconds_total{work=\"\(work.rawValue)\"}")
        }
        return try line.map { try #require(Double($0.split(separator: " ")[1])) }
    }

    @Test("is present from the start, and includes the time of failed work")
    func counts() throws {
        telemetry.registry.declareBackgroundWork()
        #expect(try seconds(.digests) == 0)
        #expect(try seconds(.sealing) == 0)

        struct Failure: Error {}
        for _ in 0..<2 {
            let before = try #require(try seconds(.sealing))
            #expect(throws: Failure.self) {
                try telemetry.measuring(.sealing) {
                    var hash = Hasher()
                    for number in 0..<100_000 { hash.combine(number) }
                    if hash.finalize() != 0 { throw Failure() }
                }
            }
            #expect(try #require(try seconds(.sealing)) > before)
        }
        #expect(try seconds(.digests) == 0)
    }
}
