import JSON

/// Whether all callers got the same answer, and the fields that differ.
public struct ParityReport: Sendable {
    public enum Outcome: Int32, Sendable {
        case equal = 0
        case verdictDiffers = 1
        /// Another host answered, or one with another policy or binary.
        case otherTarget = 2
        case refused = 3
        /// The answers belong to different measurements: run again.
        case windowRolled = 4

        public var words: String {
            switch self {
            case .equal: "equal: every caller got the same answer"
            case .verdictDiffers: "the verdict differs for the same measurement"
            case .otherTarget: "the callers reached other targets"
            case .refused: "a caller was refused"
            case .windowRolled: "the measurement window rolled between the callers; run again"
            }
        }

        var word: String {
            switch self {
            case .equal: "equal"
            case .verdictDiffers: "verdict_differs"
            case .otherTarget: "other_target"
            case .refused: "refused"
            case .windowRolled: "window_rolled"
            }
        }

        /// The order of precedence, causes before effects: another target has another window,
        /// and another window may have another verdict.
        fileprivate static let order: [Outcome] = [
            .refused, .otherTarget, .windowRolled, .verdictDiffers,
        ]
    }

    /// A field that differs between answers.
    public struct Difference: Sendable, Equatable {
        public let field: String
        /// The value of each answer, in the order of `answers`.
        public let values: [String?]
    }

    public let answers: [ParityAnswer]
    public let outcome: Outcome
    public let differences: [Difference]

    /// Compares the answers.
    ///
    /// Callers of one gateway must get identical bytes. Different gateways measure
    /// independently: they must agree on verdict, policy and binary.
    public init(_ answers: [ParityAnswer]) {
        self.answers = answers
        let names = answers.first { $0.refusal == nil }?.fields.map(\.name) ?? []
        differences = names.compactMap { name in
            let values = answers.map { $0[name] }
            return Set(values).count > 1 ? Difference(field: name, values: values) : nil
        }
        var found: Set<Int32> = []
        if answers.contains(where: { $0.refusal != nil }) {
            found.insert(Outcome.refused.rawValue)
        }
        let answered = answers.filter { $0.refusal == nil }
        func differ(_ group: [ParityAnswer], _ fields: String...) -> Bool {
            fields.contains { field in Set(group.map { $0[field] }).count > 1 }
        }
        if differ(answered, "policy", "binary") { found.insert(Outcome.otherTarget.rawValue) }
        if differ(answered, "verdict") { found.insert(Outcome.verdictDiffers.rawValue) }
        for group in Dictionary(grouping: answered, by: \.gateway).values {
            if differ(group, "host", "az") { found.insert(Outcome.otherTarget.rawValue) }
            if differ(group, "attempt", "epoch", "measured_at") {
                found.insert(Outcome.windowRolled.rawValue)
            }
            if differ(group, "digest") { found.insert(Outcome.verdictDiffers.rawValue) }
        }
        outcome = Outcome.order.first { found.contains($0.rawValue) } ?? .equal
    }

    /// The report as one JSON object.
    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { w in
            w.member("outcome", outcome.word)
            w.member(array: "answers") { w in
                for answer in answers {
                    w.object { w in
                        w.member("caller", answer.caller)
                        w.member("gateway", answer.gateway)
                        w.member("refusal", answer.refusal)
                        for field in answer.fields { w.member(field.name, field.value) }
                    }
                }
            }
            w.member(array: "differences") { w in
                for difference in differences {
                    w.object { w in
                        w.member("field", difference.field)
                        w.member(array: "values") { w in
                            for value in difference.values {
                                w.value(value.map(JSONValue.string) ?? .null)
                            }
                        }
                    }
                }
            }
        }
        return writer.bytes
    }
}
