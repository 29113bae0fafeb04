import JSON

/// Compares the expected values of a vectors file with the computed ones.
struct ReplayComparison {
    private(set) var report = ReplayReport()

    /// Numbers agree at relative 1e-9 or absolute 1e-12; `"inf"` is +infinity.
    static let relative = 1e-9
    static let absolute = 1e-12

    /// Compares an expected value with a computed one, objects member by member.
    ///
    /// Every expected member must be present; other computed members are
    /// ignored. The order of `reasons` is ignored, because they have none.
    mutating func compare(_ name: String, expected: JSONValue, actual: JSONValue?) {
        switch (expected, actual) {
        case (.object(let members), .object?):
            for member in members where member.key != "note" {
                compare(
                    "\(name) \(member.key)", expected: member.value, actual: actual?[member.key])
            }
        case (.array(let wanted), .array(let got)?) where wanted.count == got.count:
            if name.hasSuffix(" reasons") {
                check(name, expected, actual, Self.sorted(wanted) == Self.sorted(got))
            } else {
                for index in wanted.indices {
                    compare("\(name)[\(index)]", expected: wanted[index], actual: got[index])
                }
            }
        default:
            check(name, expected, actual, actual.map { Self.agree(expected, $0) } ?? false)
        }
    }

    mutating func fail(_ name: String, expected: String, actual: String) {
        report.compared += 1
        report.mismatches.append(ReplayMismatch(name: name, expected: expected, actual: actual))
    }

    private mutating func check(
        _ name: String, _ expected: JSONValue, _ actual: JSONValue?, _ agrees: Bool
    ) {
        report.compared += 1
        if agrees { return }
        report.mismatches.append(
            ReplayMismatch(
                name: name, expected: CanonicalJSON.text(expected),
                actual: actual.map(CanonicalJSON.text) ?? "nothing"))
    }

    private static func agree(_ expected: JSONValue, _ actual: JSONValue) -> Bool {
        guard let wanted = expected.extendedDouble, let got = actual.extendedDouble else {
            return expected == actual
        }
        if wanted == got { return true }
        guard wanted.isFinite, got.isFinite else { return false }
        return (wanted - got).magnitude <= max(absolute, relative * wanted.magnitude)
    }

    private static func sorted(_ list: [JSONValue]) -> [String] {
        list.map(CanonicalJSON.text).sorted()
    }
}

extension JSONValue {
    /// The number; +infinity for `"inf"`.
    var extendedDouble: Double? { self == .string("inf") ? .infinity : double }

    /// The number in the form of the test vectors; nil becomes `null`.
    init(_ number: Double?) {
        guard let number else {
            self = .null
            return
        }
        self = number == .infinity ? .string("inf") : .number(JSONNumber.text(number))
    }

    init(_ number: Int) { self = .number(String(number)) }
}
