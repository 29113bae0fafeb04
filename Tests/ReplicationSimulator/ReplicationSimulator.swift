import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs seeded simulations of the replication protocol; exits 1 if a run violates a property.
///
/// usage: ReplicationSimulator FIRST COUNT [ignore-condition | answer-early]
@main
struct ReplicationSimulator {
    static func main() {
        let arguments = CommandLine.arguments
        let mistake = arguments.count > 3 ? arguments[3] : ""
        guard arguments.count >= 3, let first = UInt64(arguments[1]),
            let count = UInt64(arguments[2]),
            ["", "ignore-condition", "answer-early"].contains(mistake)
        else {
            print("usage: ReplicationSimulator FIRST COUNT [ignore-condition | answer-early]")
            exit(64)
        }
        var tally = Simulation.Tally()
        var failures = 0
        for seed in first..<(first + count) {
            var simulation = Simulation(
                seed: seed, isCreateOnly: mistake != "ignore-condition",
                answersEarly: mistake == "answer-early")
            do throws(Simulation.Violation) { tally.add(try simulation.run()) } catch {
                failures += 1
                if failures <= 10 { print("seed \(seed): \(error)") }
            }
        }
        print(
            "\(count) runs, \(failures) failed; \(tally.objects) objects, \(tally.overwritten) overwritten, \(tally.takeovers) takeovers, \(tally.kills) kills, \(tally.lapses) lapses, \(tally.overtaken) overtaken, \(tally.handOvers) hand-overs, \(tally.digests) digests, \(tally.repeats) repeats, \(tally.direct) direct posts"
        )
        exit(failures == 0 ? 0 : 1)
    }
}
