import Events
import HTTPTypes
import Synchronization
import Telemetry

/// Counts refusals, and reports those that the meter admits.
final class RefusalReporter: Sendable {
    private let clock: WallClock
    private let telemetry: Telemetry
    private let admission: Admission
    private let meter: Mutex<RefusalMeter>
    private let onRefusal: @Sendable (RefusalRecord) async -> Void

    init(
        clock: WallClock, telemetry: Telemetry, admission: Admission, meter: RefusalMeter,
        onRefusal: @escaping @Sendable (RefusalRecord) async -> Void
    ) {
        self.clock = clock
        self.telemetry = telemetry
        self.admission = admission
        self.meter = Mutex(meter)
        self.onRefusal = onRefusal
    }

    /// Reports a refusal. Returns after `onRefusal`, so that the event precedes the answer.
    func report(_ problem: Problem, _ context: RequestContext) async {
        let suppressed = admit(problem, context.connection)
        guard let suppressed else { return }
        await context.body.read(
            head: context.head,
            memory: BodyMemory(
                admission: admission,
                account: MemoryBudget.Account(tier: .reader, identity: context.identity)))
        await onRefusal(
            RefusalRecord(
                at: clock.now, status: problem.status.code, reason: problem.reason,
                detail: problem.detail, field: problem.field, method: context.head.method.rawValue,
                route: context.route?.path,
                path: context.route == nil ? Self.beginning(of: context.path) : "",
                query: context.query, parameters: context.parameters,
                credential: context.identity?.id ?? context.credential,
                peer: context.connection.peer, body: context.body.seen, suppressed: suppressed))
    }

    /// Reports a request that is not valid HTTP.
    func reportUnreadable(_ problem: Problem, _ connection: ConnectionFacts) async {
        guard let suppressed = admit(problem, connection) else { return }
        await onRefusal(
            RefusalRecord(
                at: clock.now, status: problem.status.code, reason: problem.reason,
                detail: problem.detail, field: nil, method: "", route: nil, path: "", query: nil,
                parameters: [:], credential: nil, peer: connection.peer, body: [],
                suppressed: suppressed))
    }

    private func admit(_ problem: Problem, _ connection: ConnectionFacts) -> Int? {
        let suppressed = meter.withLock { $0.admit(connection.peerGroup, at: .now) }
        telemetry.emit(
            RequestRefused(
                status: problem.status.code, reason: problem.reason, peer: connection.peer,
                isReported: suppressed != nil))
        return suppressed
    }

    private static func beginning(of path: String) -> String {
        String(decoding: path.utf8.prefix(256), as: UTF8.self)
    }
}
