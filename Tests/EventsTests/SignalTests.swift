import Testing

@testable import Events

struct SignalTests {
    @Test(arguments: [
        ("canary.5xx_rate", "canary", "5xx_rate"),
        ("dependency.db.ping_ok", "dependency", "db.ping_ok"),
        ("bare", "bare", ""), (".x", "", "x"), ("x.", "x", ""), ("", "", ""),
    ])
    func namesSplitAtTheFirstDot(name: String, object: String, field: String) {
        let signal = Signal(name, unit: .count, value: .number(1))
        #expect(signal.object == object)
        #expect(signal.field == field)
    }

    @Test(
        arguments: [
            (Signal.Value.number(2.5), 2.5), (.number(.nan), nil), (.number(.infinity), nil),
            (.flag(true), 1), (.flag(false), 0), (.absent(why: "timeout", detail: ""), nil),
        ] as [(Signal.Value, Double?)])
    func numbersToCompare(value: Signal.Value, number: Double?) {
        #expect(Signal("a.b", unit: .count, value: value).number == number)
    }
}
