import Events

@testable import Analysis

/// One rollout, as most tests use it.
enum Sample {
    static let start = Timestamp(milliseconds: 1_766_000_000_000)
    static let request = MeasurementRequest(
        rollout: "payments-api", namespace: "prod", uid: "5f0c6a1e", revision: "17",
        canaryHash: "867588b79c", step: "3")
    static let series = request.series().id
    static let gateway = GatewayIdentity(
        node: "gw-a1", az: "eu-west-1a", binary: "sha256:" + String(repeating: "b", count: 64))
    static let window = MeasurementWindow(
        start: Timestamp(milliseconds: 1_765_999_950_000),
        end: Timestamp(milliseconds: 1_765_999_980_000))
    static let timing = AttemptTiming(interval: .seconds(30))

    static let policy = Policy(checks: [
        Check(id: "canary.5xx_rate", warn: 0.005, fail: 0.01, critical: true, weight: 4),
        Check(id: "canary.p99_ms", warn: 250, fail: 500, weight: 2),
        Check(id: "gateway.disk_ok", critical: true, nodata: .warn),
        Check(id: "gateway.queue_depth", warn: 100, fail: 1000, nodata: .warn),
        Check(id: "gateway.worker_reachable", nodata: .warn),
    ])

    static func signals(
        rate: Signal.Value = .number(0.002), p99: Double = 180, diskOK: Bool = true
    ) -> [Signal] {
        [
            Signal("canary.5xx_rate", unit: .ratio, value: rate),
            Signal("canary.p99_ms", unit: .milliseconds, value: .number(p99)),
            Signal("stable.5xx_rate", unit: .ratio, value: .number(0.0015)),
            Signal("stable.p99_ms", unit: .milliseconds, value: .number(170)),
            Signal("gateway.disk_ok", unit: .flag, value: .flag(diskOK)),
            Signal("gateway.queue_depth", unit: .count, value: .number(3)),
            Signal("gateway.worker_reachable", unit: .flag, value: .flag(true)),
        ]
    }

    static func judge(
        _ signals: [Signal], policy: Policy = policy, history: SeriesHistory = SeriesHistory(),
        comparable: Bool = true
    ) -> Judgement {
        Judge.judge(
            signals: signals, policy: policy, history: history, window: window,
            comparable: comparable)
    }

    static let event = String(repeating: "e", count: 32)

    static func document(
        _ judgement: Judgement, signals: [Signal], number: AttemptNumber = .init(n: 1, epoch: 1)
    ) -> VerdictDocument {
        VerdictDocument(
            judgement, request: request, concern: "", attempt: number, signals: signals,
            gateway: gateway, window: window, event: event, policy: policy)
    }

    /// One complete attempt as a gateway makes it: admitted, judged, completed, logged.
    static func attempt(
        _ ledger: inout AttemptLedger, _ signals: [Signal], at now: Timestamp,
        series: String = series
    ) -> (record: AttemptRecord, event: Event)? {
        guard
            case .new(let ticket) = ledger.begin(
                series, of: RunSubject(request), at: now)
        else { return nil }
        let history = ticket.history
        let judgement = judge(
            signals, history: history,
            comparable: history.isComparable(policy: policy.sha, binary: gateway.binary))
        let record = AttemptRecord(
            judgement, document: document(judgement, signals: signals, number: ticket.number),
            ticket: ticket, policy: policy.sha, binary: gateway.binary)
        guard ledger.complete(ticket, with: record) else { return nil }
        let event = Event(
            verdict: record, judgement: judgement, request: request, concern: "", ticket: ticket,
            gateway: gateway)
        return (record, event)
    }
}

extension AttemptLedger.Admission {
    /// The ticket of a new attempt; nil for any other result.
    var ticket: AttemptTicket? {
        if case .new(let ticket) = self { ticket } else { nil }
    }
}
