import Core
import EventLog
import Events
import HTTPTypes
import HummingbirdCore
import JSON
import Notifier
import Server
import Settings
import Shipping
import Telemetry

extension Node {
    /// Keeps the state file near the leader's lines until this node leads; then applies the rest,
    /// and lets the node decide.
    func followUntilLeading() async {
        guard let bucket, bucket.other != nil else {
            followed.give()
            return begun.give()
        }
        var noted = ContinuousClock.now - .seconds(60)
        while !bucket.leadership.hasBegun, !Task.isCancelled {
            if noted + .seconds(60) <= .now {
                await bucket.noteArchives()
                noted = .now
            }
            let head = eventLog.head
            // Lines that the bucket lacks may have to leave this log.
            if bucket.log.mark.value.shipped >= head {
                await decisions.replay()
                await notifier?.digestService.follow()
                followed.give()
            }
            await Self.first(
                of: { [eventLog] in await eventLog.waitForLines(after: head) },
                or: { await bucket.leadership.untilLeading() }, within: .seconds(5))
            // Not for each of many objects.
            try? await Task.sleep(for: .milliseconds(bucket.leadership.hasBegun ? 0 : 500))
        }
        guard !Task.isCancelled, bucket.leadership.status.role != .ended else { return }
        await bucket.noteArchives()
        // What this folder had and the bucket lacked must be there before it takes effect.
        let head = eventLog.head
        while bucket.leadership.status.role == .leading, !Task.isCancelled {
            if await bucket.log.mark.wait(for: head, within: .milliseconds(500)) { break }
        }
        await decisions.replay()
        followed.give()
        telemetry.emit(LeadershipTaken(leadership: bucket.leadership.status))
        begun.give()
    }

    private static func first(
        of one: @escaping @Sendable () async -> Void,
        or other: @escaping @Sendable () async -> Void, within limit: Duration
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await one() }
            group.addTask { await other() }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    // MARK: - Requests

    /// What a follower serves besides reading: nothing of these changes the log.
    private static let servedByAll: Set<String> = [
        "/v1/tokens", "/v1/tokens/{id}/revoke", "/sign-in", "/sign-out",
    ]

    /// The routes of a node of a pair: what changes the log is refused unless this node leads.
    static func guarded(_ routes: [Route], by leadership: Leadership) -> [Route] {
        routes.map { route in
            let needsLeader =
                route.path == "/v1/run-ends"
                || (route.method != .get && !servedByAll.contains(route.path))
            guard needsLeader else { return route }
            var route = route
            let handler = route.handler
            route.ready = nil
            route.handler = { exchange in
                guard leadership.canAct else { throw notLeader(leadership.status) }
                return try await handler(exchange)
            }
            return route
        }
    }

    private static func notLeader(_ status: Leadership.Status) -> Problem {
        var problem = Problem.retryLater(
            .serviceUnavailable, "not_leader",
            status.leader.isEmpty
                ? "this node follows another one, which is not known yet"
                : "this node follows \(status.leader), which takes requests that change something",
            after: .seconds(1))
        // A sender tries the other node at once.
        problem.isReported = false
        if !status.leader.isEmpty {
            problem.extensions = [JSONValue.Member("leader", .string(status.leader))]
        }
        return problem
    }

    /// `GET /v1/ha` (scope `read`) and `POST /v1/ha/hand-over` (scope `admin`).
    ///
    /// - Parameter pair: nil for a node without a second one, which always leads.
    static func pairRoutes(
        _ pair: Settings.Pair?, _ leadership: Leadership, _ other: OtherNode?,
        version: @escaping @Sendable () -> NodeVersion, handOver: OneTimeSignal
    ) -> [Route] {
        [
            Route(.get, "/v1/ha", access: .requires(.read)) { _ in
                .bytes(
                    document(pair, leadership, other, version()),
                    headers: [.cacheControl: "no-store"])
            },
            Route(.post, "/v1/ha/hand-over", access: .requires(.admin)) { _ in
                guard leadership.status.role == .leading else {
                    throw notLeader(leadership.status)
                }
                guard let other, !other.known.isEmpty else {
                    throw Problem(
                        .conflict, "no_other_node",
                        "no other node has been seen in the bucket; start it first")
                }
                guard await other.isReady() != false else {
                    throw Problem(
                        .conflict, "other_not_ready",
                        "the other node is not ready; it reads the log that it has restored")
                }
                handOver.give()
                return .bytes(document(pair, leadership, other, version()))
            },
        ]
    }

    private static func document(
        _ pair: Settings.Pair?, _ leadership: Leadership, _ other: OtherNode?,
        _ version: NodeVersion
    ) -> [UInt8] {
        let status = leadership.status
        var json = JSONWriter()
        json.object { json in
            json.member("role", status.role.rawValue)
            json.member("since", status.since.rfc3339)
            json.member("advertise", pair?.advertise ?? "")
            json.member("leader", status.leader)
            json.member(array: "others") { json in
                for address in other?.known ?? [] { json.value(address) }
            }
            json.member("policy", version.policy)
            json.member("binary", version.binary)
            // What of the two the leader has otherwise.
            json.member(array: "differs") { json in
                for part in status.differences { json.value(part.rawValue) }
            }
            json.key("term")
            json.value(status.term)
            if let pair {
                json.member("lease_seconds", pair.lease.inSeconds)
                json.member("bucket_away", pair.bucketAway.rawValue)
            }
        }
        return json.bytes
    }

    /// The checks of `/readyz` that a node of a pair has.
    static func pairChecks(
        _ pair: Settings.Pair?, _ leadership: Leadership?, _ followed: OneTimeSignal
    ) -> [HealthCheck] {
        guard pair != nil, let leadership else { return [] }
        return [followCheck(followed), sameCheck(leadership)]
    }

    /// Warns while this node follows one with another configuration or executable.
    private static func sameCheck(_ leadership: Leadership) -> HealthCheck {
        HealthCheck("ha:same") {
            let differences = leadership.status.differences
            guard !differences.isEmpty else { return .init(.pass) }
            return .init(
                .warn,
                output:
                    "differs from the leader: \(differences.map(\.rawValue).joined(separator: ", ")); give both nodes one configuration (policy) and one release (binary)"
            )
        }
    }

    /// A follower is ready once it has what the leader decided: before, it could not take over at
    /// once.
    private static func followCheck(_ followed: OneTimeSignal) -> HealthCheck {
        HealthCheck("ha:state") {
            followed.isGiven
                ? .init(.pass)
                : .init(.fail, output: "the node reads the log that it got from the bucket")
        }
    }

    /// The check of `/readyz?role=leader`.
    static func leaderCheck(_ leadership: Leadership) -> HealthCheck {
        HealthCheck("ha:leader") {
            let status = leadership.status
            guard leadership.canAct else {
                return .init(
                    .fail,
                    output: status.leader.isEmpty
                        ? status.role.rawValue : "follows \(status.leader)")
            }
            return .init(status.role == .alone ? .warn : .pass, output: status.role.rawValue)
        }
    }
}

/// This node decides and sends from now on.
struct LeadershipTaken: CountedEvent {
    let leadership: Leadership.Status
    var level: Logger.Level { .notice }
    var message: String { "this node leads" }
    var fields: [(String, String)] {
        [("term", "\(leadership.term)"), ("role", leadership.role.rawValue)]
    }

    static let counter = (
        name: "bellwether_ha_takeovers_total",
        help: "Times that this node began to lead."
    )
}
