import Events
import TestSupport
import Testing

@testable import Analysis

/// The laws of the merge, tested with seeded random checks. `VectorReplayTests` replays the
/// vectors' own cases.
struct MergeTests {
    private static func outcomes(_ random: inout SeededRandom) -> [CheckOutcome] {
        (0..<Int.random(in: 0...8, using: &random)).map { index in
            outcome(id: "check.\(index)", &random)
        }
    }

    private static func outcome(id: String, _ random: inout SeededRandom) -> CheckOutcome {
        let check = Check(
            id: id, critical: Int.random(in: 0..<4, using: &random) == 0,
            weight: Int.random(in: 0...5, using: &random),
            nodata: Check.MissingData.allCases.randomElement(using: &random) ?? .unknown,
            advisory: Int.random(in: 0..<5, using: &random) == 0)
        let state = CheckState.allCases.randomElement(using: &random) ?? .pass
        let findings = state == .pass ? [] : [CheckOutcome.Finding(state, .absoluteWarn)]
        return CheckOutcome(check, state: state, value: 1, findings: findings)
    }

    private static func merge(
        _ outcomes: [CheckOutcome], share: Int = 50, comparable: Bool = true
    ) -> Judgement {
        Judgement(merging: outcomes, failShare: share, comparable: comparable)
    }

    @Test func orderAndDuplicatesNeverMatter() {
        var random = SeededRandom(seed: 1)
        for _ in 0..<2000 {
            let outcomes = Self.outcomes(&random)
            let once = Self.merge(outcomes)
            let doubled = outcomes + outcomes.filter { _ in Bool.random(using: &random) }
            #expect(Self.merge(doubled.shuffled(using: &random)) == once)
        }
    }

    @Test func conflictingDuplicatesMergeTheSameInAnyOrder() {
        var random = SeededRandom(seed: 2)
        for _ in 0..<2000 {
            let outcomes = (0..<5).map { _ in
                Self.outcome(id: "check.\(Int.random(in: 0..<2, using: &random))", &random)
            }
            #expect(Self.merge(outcomes.shuffled(using: &random)) == Self.merge(outcomes))
        }
    }

    @Test func addingAPassingCheckNeverWorsens() {
        var random = SeededRandom(seed: 3)
        for _ in 0..<2000 {
            let outcomes = Self.outcomes(&random)
            let share = Int.random(in: 0...100, using: &random)
            let weight = Int.random(in: 0...9, using: &random)
            let passing = CheckOutcome(Check(id: "new.x", weight: weight), state: .pass)
            let before = Self.merge(outcomes, share: share)
            let after = Self.merge(outcomes + [passing], share: share)
            #expect(after.status <= before.status)
            #expect((after.score ?? 100) >= (before.score ?? 0))
        }
    }

    @Test func worseningACheckNeverImproves() {
        var random = SeededRandom(seed: 4)
        var tried = 0
        for _ in 0..<2000 {
            var outcomes = Self.outcomes(&random)
            guard let index = outcomes.indices.randomElement(using: &random) else { continue }
            tried += 1
            outcomes[index].state = .pass
            let passed = Self.merge(outcomes).status
            outcomes[index].state = .warn
            let warned = Self.merge(outcomes).status
            outcomes[index].state = .fail
            #expect(passed <= warned)
            #expect(warned <= Self.merge(outcomes).status)
        }
        #expect(tried > 1000)
    }

    @Test func laws() {
        var random = SeededRandom(seed: 5)
        for _ in 0..<2000 {
            let merged = Self.merge(Self.outcomes(&random))
            let counting = merged.outcomes.filter { !$0.check.advisory }
            let failed = counting.contains {
                $0.state == .fail || ($0.state == .nodata && $0.check.nodata == .fail)
            }
            if failed { #expect(merged.status != .healthy) }
            if counting.allSatisfy({ $0.state == .pass || $0.state == .warn }), !counting.isEmpty {
                #expect(merged.status <= .degraded)
            }
            if let score = merged.score { #expect((0...100).contains(score)) }
            #expect(merged.failWeight <= merged.totalWeight)
            #expect((merged.score == nil) == (merged.totalWeight == 0))
        }
    }

    @Test func advisoryChecksAreListedAndNeverCounted() {
        var random = SeededRandom(seed: 6)
        for _ in 0..<500 {
            let outcomes = Self.outcomes(&random)
            var extra = Self.outcome(id: "dry.run", &random)
            extra.check.advisory = true
            let before = Self.merge(outcomes)
            let after = Self.merge(outcomes + [extra])
            #expect(after.status == before.status)
            #expect(after.score == before.score)
            #expect(after.outcomes.count == before.outcomes.count + 1)
        }
    }

    @Test(arguments: [
        (50, 1, 1, VerdictStatus.unhealthy), (50, 49, 51, .degraded), (50, 50, 50, .unhealthy),
        (100, 99, 1, .degraded), (100, 1, 0, .unhealthy), (34, 1, 2, .degraded),
        (33, 1, 2, .unhealthy), (0, 0, 5, .degraded), (0, 1, 999, .unhealthy),
    ])
    func failShareIsReachedByWholeWeights(
        share: Int, failing: Int, passing: Int, status: VerdictStatus
    ) {
        let merged = Self.merge(
            [
                CheckOutcome(Check(id: "a.x", weight: failing), state: .fail),
                CheckOutcome(Check(id: "b.x", weight: passing), state: .pass),
            ], share: share)
        #expect(merged.status == status)
    }

    @Test func aRunMeasuredInTwoWaysIsUnknown() {
        let pass = CheckOutcome(Check(id: "a.x"), state: .pass)
        #expect(Self.merge([pass], comparable: false).status == .unknown)
        let fail = CheckOutcome(Check(id: "a.x", critical: true), state: .fail)
        #expect(Self.merge([fail], comparable: false).status == .unhealthy)
    }

    @Test func heavyWeightsDoNotOverflow() {
        let heavy = (0..<1000).map {
            CheckOutcome(Check(id: "c.\($0)", weight: .max), state: $0 < 400 ? .fail : .pass)
        }
        let merged = Self.merge(heavy)
        #expect(merged.totalWeight == 1_000_000_000)
        #expect(merged.score == 60)
        #expect(merged.status == .degraded)
    }
}
