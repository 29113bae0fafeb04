import JSON
import Testing

@testable import App

@Suite("Conclusions of a parity report")
struct ParityReportTests {
    private func answer(
        gateway: String? = nil, _ changes: [String: String] = [:], refusal: String? = nil
    ) -> ParityAnswer {
        if let refusal {
            return ParityAnswer(caller: "a", gateway: gateway, refusal: refusal)
        }
        var fields = [
            "verdict": "healthy", "digest": "sha256:1", "host": "gw-a1", "az": "a",
            "address": "10.0.0.1", "policy": "p", "binary": "b", "attempt": "3", "epoch": "1",
            "measured_at": "t",
        ]
        fields.merge(changes) { _, new in new }
        return ParityAnswer(
            caller: "a", gateway: gateway,
            fields: fields.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: $0.value) })
    }

    @Test("the most general cause is reported")
    func outcomes() {
        #expect(ParityReport([answer(), answer()]).outcome == .equal)
        // One node with two addresses is one target.
        #expect(ParityReport([answer(), answer(["address": "10.0.0.2"])]).outcome == .equal)
        let bytes = ["digest": "sha256:2"]
        #expect(ParityReport([answer(), answer(bytes)]).outcome == .verdictDiffers)
        let rolled = bytes.merging(["measured_at": "u", "attempt": "4"]) { _, new in new }
        #expect(ParityReport([answer(), answer(rolled)]).outcome == .windowRolled)
        let other = rolled.merging(["host": "gw-b1"]) { _, new in new }
        #expect(ParityReport([answer(), answer(other)]).outcome == .otherTarget)
        #expect(ParityReport([answer(other), answer(refusal: "401")]).outcome == .refused)
    }

    @Test("gateways measure separately, but must agree on verdict, policy and binary")
    func gateways() {
        let apart = ["digest": "sha256:2", "host": "gw-b1", "attempt": "9", "measured_at": "u"]
        let both = [answer(gateway: "1"), answer(gateway: "2", apart)]
        #expect(ParityReport(both).outcome == .equal)
        #expect(
            ParityReport(both).differences.map(\.field)
                == ["attempt", "digest", "host", "measured_at"])
        let worse = apart.merging(["verdict": "unhealthy"]) { _, new in new }
        #expect(
            ParityReport([answer(gateway: "1"), answer(gateway: "2", worse)]).outcome
                == .verdictDiffers)
        let older = worse.merging(["binary": "b0"]) { _, new in new }
        #expect(
            ParityReport([answer(gateway: "1"), answer(gateway: "2", older)]).outcome
                == .otherTarget)
    }
}
