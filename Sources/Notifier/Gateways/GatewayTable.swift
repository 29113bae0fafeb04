public import Events

/// A gateway that forwards to this notifier, for people who look at the node.
public struct KnownGateway: Sendable, Equatable {
    public enum State: String, Sendable, CaseIterable {
        /// It sends requests.
        case present
        /// It has sent none for `digest.silent_after`, and that was reported.
        case silent
        /// It stopped as planned.
        case left
    }

    public let name: String
    /// Empty if it has no zone.
    public let az: String
    public let state: State
    /// When its last request came, by the notifier's clock.
    public let lastRequest: Timestamp
}

/// Which gateways forward to a notifier, and which changes of that are to be recorded.
///
/// Spans are those of a monotonic clock since a fixed moment.
struct GatewayTable: Sendable {
    enum Change: String, Sendable, CaseIterable {
        case seen, left, silent, back

        var event: String {
            switch self {
            case .seen: EventName.gatewaySeen
            case .left: EventName.gatewayLeft
            case .silent: EventName.gatewaySilent
            case .back: EventName.gatewayBack
            }
        }

        /// The state after it.
        var state: KnownGateway.State {
            switch self {
            case .seen, .back: .present
            case .left: .left
            case .silent: .silent
            }
        }

        init?(event: String) {
            guard let change = Self.allCases.first(where: { $0.event == event }) else { return nil }
            self = change
        }
    }

    /// A change that is to be recorded.
    struct News: Sendable, Equatable {
        let node: String
        let az: String
        let change: Change
        /// When the gateway's last request came; for `back`, the last one before the silence.
        let lastRequest: Timestamp
    }

    private struct Row: Sendable {
        var az: String
        /// The last recorded change; nil if there is none.
        var recorded: Change?
        var recordedAt: Timestamp
        var isLeaving = false
        var requestedAt: Duration
        var lastRequest: Timestamp
        /// When the last request before the silence came that was reported.
        var silentSince: Timestamp?
        /// Not tried to record before this, after a failure.
        var notBefore = Duration.zero
    }

    /// The most gateways. Beyond it, one that left makes room, or the new one is not noted.
    static let most = 1000
    /// How often the presence of a gateway is recorded, so that a restart finds it in the log.
    static let renewal = Duration.seconds(86_400)
    /// How long a gateway is remembered that left, and one that is silent. A restart reads that
    /// much of the log.
    static let leftKept = Duration.seconds(86_400)
    static let memory = Duration.seconds(7 * 86_400)
    /// The pause before a change that could not be recorded is tried again.
    private static let retry = Duration.seconds(60)

    private var rows: [String: Row] = [:]

    /// All gateways, by zone and name.
    var gateways: [KnownGateway] {
        rows.map { name, row in
            KnownGateway(
                name: name, az: row.az,
                state: row.isLeaving ? .left : row.recorded?.state ?? .present,
                lastRequest: row.lastRequest)
        }.sorted { ($0.az, $0.name) < ($1.az, $1.name) }
    }

    /// Takes a change that an earlier process recorded. Call it in the order of the log.
    mutating func restore(
        _ change: Change, node: String, az: String, lastRequest: Timestamp, at moment: Timestamp
    ) {
        guard rows[node] != nil || rows.count < Self.most else { return }
        // A request that came while the log was read is newer than what it holds.
        var row =
            rows[node]
            ?? Row(az: az, recordedAt: moment, requestedAt: .zero, lastRequest: lastRequest)
        row.recorded = change
        row.recordedAt = moment
        row.silentSince = change == .silent ? lastRequest : nil
        if row.lastRequest <= moment {
            row.lastRequest = change == .silent ? lastRequest : moment
            row.isLeaving = change == .left
        }
        rows[node] = row
    }

    /// Notes a request of a gateway.
    mutating func note(_ presence: GatewayPresence, at elapsed: Duration, now: Timestamp) {
        var row =
            rows[presence.node]
            ?? Row(az: presence.az, recordedAt: now, requestedAt: elapsed, lastRequest: now)
        if rows[presence.node] == nil, rows.count >= Self.most {
            let gone = rows.filter(\.value.isLeaving).min {
                $0.value.lastRequest < $1.value.lastRequest
            }
            guard let gone else { return }
            rows[gone.key] = nil
        }
        row.az = presence.az
        row.isLeaving = presence.isLeaving
        row.requestedAt = elapsed
        row.lastRequest = now
        rows[presence.node] = row
    }

    /// Adds a time in which this notifier took no requests to that of every gateway.
    mutating func excuse(_ pause: Duration) {
        for name in rows.keys { rows[name]?.requestedAt += pause }
    }

    /// The changes that are to be recorded now; forgets gateways that are long gone.
    ///
    /// - Parameter limit: How long a gateway may send nothing; zero: for ever.
    mutating func due(at elapsed: Duration, now: Timestamp, limit: Duration) -> [News] {
        rows = rows.filter { _, row in
            switch row.recorded {
            case .left: !row.isLeaving || now - row.recordedAt < Self.leftKept
            case .silent: row.silentSince.map { now - $0 < Self.memory } ?? true
            default: true
            }
        }
        return rows.compactMap { name, row -> News? in
            guard row.notBefore <= elapsed,
                let change = Self.change(of: row, at: elapsed, now: now, limit: limit)
            else { return nil }
            return News(
                node: name, az: row.az, change: change,
                lastRequest: change == .back ? row.silentSince ?? row.lastRequest : row.lastRequest)
        }.sorted { $0.node < $1.node }
    }

    private static func change(
        of row: Row, at elapsed: Duration, now: Timestamp, limit: Duration
    ) -> Change? {
        if row.isLeaving { return row.recorded == .left ? nil : .left }
        let isSilent = limit > .zero && elapsed - row.requestedAt >= limit
        switch row.recorded {
        case .left: return .seen
        case .silent:
            return isSilent || row.lastRequest <= row.silentSince ?? row.lastRequest ? nil : .back
        case .seen, .back:
            if isSilent { return .silent }
            return now - row.recordedAt >= renewal ? .seen : nil
        case nil: return isSilent ? .silent : .seen
        }
    }

    /// Notes that a change was recorded.
    mutating func settle(_ news: News, now: Timestamp) {
        rows[news.node]?.recorded = news.change
        rows[news.node]?.recordedAt = now
        rows[news.node]?.silentSince = news.change == .silent ? news.lastRequest : nil
    }

    /// Notes that a change could not be recorded.
    mutating func postpone(_ news: News, at elapsed: Duration) {
        rows[news.node]?.notBefore = elapsed + Self.retry
    }
}
