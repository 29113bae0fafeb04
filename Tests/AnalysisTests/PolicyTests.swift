import Testing

@testable import Analysis

struct PolicyTests {
    private let a = Check(id: "a.x", warn: 1, fail: 2, weight: 3)
    private let b = Check(id: "b.x", statistics: StatisticalSpec(.counter))

    @Test func hashIgnoresOrderAndRepetition() {
        let policy = Policy(checks: [a, b])
        #expect(policy == Policy(checks: [b, a, b]))
        #expect(policy.sha.hasPrefix("sha256:"))
        #expect(policy.sha.utf8.count == 71)
        #expect(policy.checks.map(\.id) == ["a.x", "b.x"])
    }

    @Test func everythingThatDecidesIsInTheHash() {
        var variants: [Check] = [a]
        func vary(_ change: (inout Check) -> Void) {
            var check = a
            change(&check)
            variants.append(check)
        }
        vary { $0.id = "a.y" }
        vary { $0.warn = nil }
        vary { $0.fail = 3 }
        vary { $0.direction = .below }
        vary { $0.critical = true }
        vary { $0.weight = 4 }
        vary { $0.nodata = .fail }
        vary { $0.advisory = true }
        vary { $0.relative = RelativeLimits(stableWarn: 1) }
        vary { $0.relative = RelativeLimits(stableFail: 1) }
        vary { $0.relative = RelativeLimits(previousWarn: 1) }
        let spec = StatisticalSpec(.counter)
        for change: (inout StatisticalSpec) -> Void in [
            { _ in }, { $0.kind = .latency }, { $0.rhoWarn = 2 }, { $0.rhoFail = 2 },
            { $0.alphaWarn = 0.1 }, { $0.alphaFail = 0.1 }, { $0.minDelta = 0.1 },
            { $0.minSample = 9 }, { $0.growthWarn = 0.1 }, { $0.estimatesPhi = true },
            { $0.phi = 2 }, { $0.quantile = 0.5 },
            { $0.slowOver = 200 },
        ] {
            var varied = spec
            change(&varied)
            vary { $0.statistics = varied }
        }
        let hashes = Set(variants.map { Policy(checks: [$0]).sha })
        #expect(hashes.count == variants.count)
        #expect(Policy(checks: [a], failShare: 40).sha != Policy(checks: [a]).sha)
    }

    @Test func aConcernKeepsThePolicysHash() {
        let policy = Policy(checks: [a, b], failShare: 30)
        let set = PolicySet(policy, concerns: ["some": [b]])
        #expect(set.policy(for: "some")?.checks == [b])
        #expect(set.policy(for: "some")?.failShare == 30)
        #expect(set.policy(for: "some")?.sha == policy.sha)
        #expect(set.policy(for: "")?.checks == policy.checks)
        #expect(set.policy(for: "other") == nil)
    }

    @Test func aConcernsOwnLimitsArePartOfTheHash() {
        let policy = Policy(checks: [a, b])
        var strict = b
        strict.fail = (b.fail ?? 1) / 2
        let set = PolicySet(policy, concerns: ["strict": [strict], "some": [a]])
        #expect(set.sha != policy.sha)
        #expect(set.policy(for: "strict")?.sha == set.sha)
        #expect(set.policy(for: "some")?.sha == set.sha)
        #expect(set.sha == PolicySet(policy, concerns: ["strict": [strict]]).sha)
        strict.fail = (b.fail ?? 1) / 3
        #expect(set.sha != PolicySet(policy, concerns: ["strict": [strict]]).sha)
    }

    @Test func valuesOutOfRangeAreClamped() {
        #expect(Check(id: "a.x", weight: -4).weight == 0)
        #expect(Check(id: "a.x", weight: .max).weight == Check.maxWeight)
        #expect(Policy(checks: [], failShare: 900).failShare == 100)
        #expect(Policy(checks: [], failShare: -1).failShare == 0)
    }

    @Test func onlyCanariesHaveABaseline() {
        #expect(Check(id: "canary.p99_ms").baseline == "stable.p99_ms")
        #expect(Check(id: "gateway.p99_ms").baseline == nil)
    }
}
