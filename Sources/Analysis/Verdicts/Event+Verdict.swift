import Events
import JSON

extension Event {
    /// The most deltas, and the most reasons, in one event. Keeps its line within
    /// 64 KiB for every policy.
    static let maxListed = 64

    /// The event of a verdict.
    ///
    /// A healthy verdict after another status is `analysis.recovered`. The id is the
    /// ticket's `eventID`; the event log sets `epoch` and `seq`.
    public init(
        verdict record: AttemptRecord, judgement: Judgement, request: MeasurementRequest,
        concern: String, ticket: AttemptTicket, gateway: GatewayIdentity,
        policyName: String = PolicySet.fallbackName
    ) {
        let status = judgement.status
        let isRecovery =
            status == .healthy && (ticket.history.lastStatus ?? .healthy) != .healthy
        let level: Level =
            switch status {
            case .healthy: .info
            case .degraded, .unknown: .warn
            case .unhealthy: .error
            }
        let moved = judgement.outcomes.sorted(by: CheckOutcome.severestFirst)
        var extra: [JSONValue.Member] = [
            .init("series", .string(ticket.series)),
            .init("run", .number(String(ticket.number.epoch))),
        ]
        if let count = request.count {
            extra.append(.init("run_count", .number(String(count))))
        }
        if let limit = request.failureLimit {
            extra.append(.init("failure_limit", .number(String(limit))))
        }
        if let limit = request.inconclusiveLimit {
            extra.append(.init("inconclusive_limit", .number(String(limit))))
        }
        if let weight = request.weight {
            extra.append(.init("weight", .number(String(weight))))
        }
        // Argo sends the index of the step; another caller's name of one is no number to show.
        if (1...9).contains(request.step.utf8.count),
            request.step.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        {
            extra.append(.init("step", .string(request.step)))
        }
        extra.append(.init("policy_name", .string(policyName)))
        if request.isTrial { extra.append(.init(EventName.trial, .bool(true))) }
        if !record.measured { extra.append(.init("measured", .bool(false))) }
        if !record.evidence.isEmpty { extra.append(.init("evidence", record.evidence.tree)) }
        if let inputs = record.inputs { extra.append(.init("inputs", inputs.member)) }
        if let rules = RuleRecord.list(judgement.outcomes) { extra.append(.init("rules", rules)) }
        if !judgement.comparable { extra.append(.init("comparable", .bool(false))) }
        extra.append(.init("document", record.verdict.document.tree))

        self.init(
            id: ticket.eventID(on: gateway), ts: ticket.startedAt, level: level,
            event: isRecovery ? EventName.recovered : EventName.analysis(status),
            node: gateway.node, az: gateway.az, namespace: request.namespace,
            rollout: request.rollout,
            revision: request.revision.isEmpty ? nil : request.revision,
            concern: concern.isEmpty ? "all" : concern, attempt: ticket.number.n, status: status,
            deltas: moved.prefix(Self.maxListed).map(\.delta),
            reasons: Array(judgement.reasons.prefix(Self.maxListed)),
            message: VerdictMessage.text(
                judgement, request: request, attempt: ticket.number, isRecovery: isRecovery),
            policy: record.policy, binary: record.binary, extra: extra)
    }

    /// The event of a measurement that was refused because nothing could be measured.
    ///
    /// - Parameter ordinal: The number of consecutive refusals, from 1.
    public init(
        unmeasured judgement: Judgement, ordinal: Int, request: MeasurementRequest,
        concern: String, ticket: AttemptTicket, gateway: GatewayIdentity, policy: Policy
    ) {
        let why = judgement.unmeasuredReason.map { "\($0.check): \($0.why)" }
        self.init(
            ts: ticket.startedAt, level: .warn, event: EventName.requestRefused,
            node: gateway.node, az: gateway.az, namespace: request.namespace,
            rollout: request.rollout,
            revision: request.revision.isEmpty ? nil : request.revision,
            concern: concern.isEmpty ? "all" : concern, attempt: ticket.number.n,
            reasons: Array(judgement.reasons.prefix(Self.maxListed)),
            message: "\(request.rollout) in \(request.namespace): cannot measure "
                + "(\(why ?? "no check has data")), refusal \(ordinal) of "
                + "\(AttemptLedger.refusalLimit) before the answer is unknown.",
            policy: policy.sha, binary: gateway.binary,
            extra: [
                .init("series", .string(ticket.series)),
                .init("run", .number(String(ticket.number.epoch))),
                .init("policy_name", .string(policy.name)),
                .init("unmeasured", .number(String(ordinal))),
            ])
        if request.isTrial { self.extra.append(.init(EventName.trial, .bool(true))) }
    }
}

extension AttemptRecord {
    /// Reads the attempt from a verdict's event; nil for any other event.
    public init?(event: Event) {
        guard let status = event.status, event.event.hasPrefix("analysis."),
            let n = event.attempt, n > 0, let run = event.extra("run")?.count?.value,
            let tree = event.extra("document"), case .object = tree
        else { return nil }
        let source = tree["attempt"]?["source"]?.string.flatMap(
            AttemptNumber.Source.init(rawValue:))
        let number = AttemptNumber(n: n, epoch: run, source: source ?? .counted)
        self.init(
            verdict: FrozenVerdict(
                number: number, status: status, document: VerdictDocument(tree: tree),
                measuredAt: event.ts),
            values: MetricValues(
                event.deltas.compactMap { delta in delta.value.map { (delta.metric, $0) } }),
            evidence: [String: EvidenceStep](tree: event.extra("evidence")),
            inputs: WindowInputs(tree: event.extra("inputs")), policy: event.policy ?? "",
            binary: event.binary ?? "",
            measured: event.extra("measured")?.bool ?? true)
    }
}

extension VerdictDocument {
    /// The document as a JSON value. Its bytes always parse, because this program wrote them.
    fileprivate var tree: JSONValue {
        let limits = JSONLimits(maxBytes: max(bytes.count, 1), maxDepth: 16)
        do { return try JSONValue(parsing: bytes, limits: limits) } catch { return .null }
    }
}

extension [String: EvidenceStep] {
    fileprivate var tree: JSONValue {
        .object(
            sorted { $0.key < $1.key }.map { check, step in
                let pair = { (failing: Double, total: Double) in
                    JSONValue.array([
                        .number(JSONNumber.text(failing)), .number(JSONNumber.text(total)),
                    ])
                }
                let counts = step.counts
                return .init(
                    check,
                    .object([
                        .init("window", .number(String(step.window))),
                        .init("canary", pair(counts.canaryFailing, counts.canaryTotal)),
                        .init("stable", pair(counts.stableFailing, counts.stableTotal)),
                        .init("rho", .number(JSONNumber.text(step.rho))),
                        .init("phi", .number(JSONNumber.text(step.phi))),
                        .init("alpha", .number(JSONNumber.text(step.alpha))),
                    ]))
            })
    }

    fileprivate init(tree: JSONValue?) {
        self.init()
        for member in tree?.members ?? [] {
            let value = member.value
            guard let window = value["window"]?.moment?.milliseconds,
                let x1 = value["canary"]?[0]?.double,
                let n1 = value["canary"]?[1]?.double, let x0 = value["stable"]?[0]?.double,
                let n0 = value["stable"]?[1]?.double, let rho = value["rho"]?.double,
                let phi = value["phi"]?.double
            else { continue }
            self[member.key] = EvidenceStep(
                window: window, counts: WindowCounts(canary: (x1, n1), stable: (x0, n0)),
                // Events of older versions lack it; this was its usual value.
                rho: rho, phi: phi, alpha: value["alpha"]?.double ?? 0.01)
        }
    }
}
