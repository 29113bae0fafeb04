import Events

/// A finished attempt: its answer and the data that later attempts need.
public struct AttemptRecord: Sendable, Equatable {
    public var verdict: FrozenVerdict
    public var values: MetricValues
    public var evidence: [String: EvidenceStep]
    /// The judged signals; nil if they are too large or the clock was set meanwhile.
    public var inputs: WindowInputs?
    public var policy: String
    public var binary: String
    /// False when the verdict is `unknown` because nothing could be measured.
    public var measured: Bool

    public init(
        verdict: FrozenVerdict, values: MetricValues, evidence: [String: EvidenceStep] = [:],
        inputs: WindowInputs? = nil, policy: String, binary: String, measured: Bool = true
    ) {
        self.verdict = verdict
        self.values = values
        self.evidence = evidence
        self.inputs = inputs
        self.policy = policy
        self.binary = binary
        self.measured = measured
    }

    public init(
        _ judgement: Judgement, document: VerdictDocument, ticket: AttemptTicket,
        inputs: WindowInputs? = nil, policy: String, binary: String
    ) {
        self.init(
            verdict: FrozenVerdict(
                number: ticket.number, status: judgement.status, document: document,
                measuredAt: ticket.startedAt),
            values: judgement.values, evidence: judgement.evidence, inputs: inputs,
            policy: policy, binary: binary, measured: !judgement.isUnmeasured)
    }
}
