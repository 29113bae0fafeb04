import Testing

@testable import Events

struct SeriesTests {
    @Test func idsAreThoseOfTheVectors() {
        var series = Series(
            namespace: "prod", rollout: "payments-api",
            uid: "5f0c6a1e-0d3b-4c1f-9f57-2f6f0b9d1c11", revision: "17", canaryHash: "867588b79c",
            step: "3", concern: "5xx")
        #expect(series.id == "3ab5f105fa514a53")
        series.concern = ""
        #expect(series.id == "dd004ef6f092fe59")
    }

    @Test func everyPartMatters() {
        let base = Series(namespace: "n", rollout: "r")
        var ids: Set<String> = [base.id]
        for path in [
            \Series.namespace, \.rollout, \.uid, \.revision, \.canaryHash, \.step, \.concern,
        ] {
            var other = base
            other[keyPath: path] += "x"
            ids.insert(other.id)
        }
        #expect(ids.count == 8)
        // The separator keeps adjacent parts distinct.
        #expect(
            Series(namespace: "a", rollout: "bc").id != Series(namespace: "ab", rollout: "c").id)
    }

    @Test func hashSpellings() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        #expect(ContentHash.hex([]) == empty)
        #expect(ContentHash.named([]) == "sha256:" + empty)
        #expect(ContentHash.digest([]).count == 32)
        #expect(ContentHash.hexDigits([0x00, 0x0F, 0xA0, 0xFF]) == "000fa0ff")
    }
}
