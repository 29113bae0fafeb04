import Archives
import Analysis
import Delivery
import Events
import Gateway
import EventLog
import Notifier
import Server
import Shipping
import State
import Synchronization
import Telemetry

/// Metrics that are read when `/metrics` is requested instead of being kept up to date.
///
/// `/metrics` is open to everybody, so the values are read at most once a second. A read that
/// blocks on a disk delays only the scrape that started it.
final class NodeMetrics: Sendable {
    let registry: PrometheusRegistry
    private let eventLog: EventLog
    private let store: Store
    private let tokens: TokenRegistry
    private let gateway: Node.GatewayParts?
    private let notifier: Node.NotifierParts?
    private let bucket: Node.BucketParts?
    private let process: ProcessFigures
    private let looks = Mutex(Looks())

    private struct Looks {
        var isLooking = false
        var last: ContinuousClock.Instant?
        var policy: String?
    }

    private static let pause = Duration.seconds(1)

    init(
        registry: PrometheusRegistry, eventLog: EventLog, store: Store, tokens: TokenRegistry,
        gateway: Node.GatewayParts?, notifier: Node.NotifierParts?,
        bucket: Node.BucketParts? = nil, wall: WallClock = .system
    ) {
        self.registry = registry
        self.eventLog = eventLog
        self.store = store
        self.tokens = tokens
        self.gateway = gateway
        self.notifier = notifier
        self.bucket = bucket
        process = ProcessFigures(started: Double(wall.now.milliseconds) / 1000)
        ReloadCounters.declare(in: registry)
        registry.declareBackgroundWork()
        registry.set(
            "bellwether_build_info", to: 1, help: "Which release and executable runs; always 1.",
            labels: [("version", Version.text), ("binary", BinaryHash.current)])
    }

    func look() async {
        let now = ContinuousClock.now
        let isDue = looks.withLock { looks in
            if looks.isLooking { return false }
            if let last = looks.last, now - last < Self.pause { return false }
            looks.isLooking = true
            return true
        }
        guard isDue else { return }
        process.record(in: registry)
        showLog()
        showRoles()
        showBucket()
        await showDisk()
        await showState()
        looks.withLock { looks in
            looks.isLooking = false
            looks.last = now
        }
    }

    private func showLog() {
        let status = eventLog.status
        registry.set(
            "bellwether_log_used_bytes", to: Double(status.usedBytes),
            help: "Bytes of disk that the event log uses.")
        registry.set(
            "bellwether_log_max_bytes", to: Double(status.maxBytes),
            help: "The event log's quota, log.max_bytes.")
        registry.set(
            "bellwether_log_archives", to: Double(status.archives), help: "Sealed segments.")
        registry.set(
            "bellwether_log_unsealed_segments", to: Double(status.unsealed),
            help: "Closed segments that wait to be sealed.")
    }

    private func showBucket() {
        if let bucket, bucket.other != nil {
            registry.set(
                "bellwether_ha_leading", to: bucket.leadership.canAct ? 1 : 0,
                help: "Whether this node of a pair takes lines and sends messages.")
        }
        guard let status = bucket?.archives.status else { return }
        let waiting = eventLog.unshipped
        registry.set(
            "bellwether_bucket_waiting_segments", to: Double(waiting.segments),
            help: "Sealed segments that the bucket does not have yet.")
        registry.set(
            "bellwether_bucket_waiting_bytes", to: Double(waiting.bytes),
            help: "Bytes on disk of segments that the bucket does not have yet.")
        registry.set(
            "bellwether_bucket_failures_in_a_row", to: Double(status.failuresInARow),
            help: "Tries to copy archives to the bucket that failed since the last success.")
        if let at = status.completeAt {
            registry.set(
                "bellwether_bucket_complete_timestamp_seconds",
                to: Double(at.milliseconds) / 1000,
                help: "When the bucket last had every sealed segment, in seconds since 1970.")
        }
    }

    private func showRoles() {
        if let gateway {
            let policy = gateway.service.plan.policies.sha
            let isNew = looks.withLock { looks in
                defer { looks.policy = policy }
                return looks.policy != policy
            }
            if isNew { registry.forget("bellwether_policy_info") }
            registry.set(
                "bellwether_policy_info", to: 1,
                help: "The hash of all policies; always 1.",
                labels: [("policy", policy)])
            if let forwarder = gateway.forwarder {
                let status = forwarder.status
                showLag("forward", behind: status.acknowledged)
                showLag("forward_safe", behind: status.safe)
            }
        }
        if let notifier {
            let status = notifier.digestService.status
            showLag("digest", behind: status.position)
            registry.set(
                "bellwether_digest_groups_open", to: Double(status.openGroups),
                help: "Groups with an open window: failing, or failing until recently.")
            registry.set(
                "bellwether_digest_groups_held", to: Double(status.heldBack),
                help: "Groups whose messages a silence or a node's fault holds back.")
        }
        if let gateways = notifier?.gateways.gateways {
            for state in KnownGateway.State.allCases {
                registry.set(
                    "bellwether_gateways", to: Double(gateways.count { $0.state == state }),
                    help: "Gateways that forward to this notifier, by state.",
                    labels: [("state", state.rawValue)])
            }
            registry.forget("bellwether_gateway_silent")
            for gateway in gateways where gateway.state != .left {
                registry.set(
                    "bellwether_gateway_silent", to: gateway.state == .silent ? 1 : 0,
                    help: "Whether the gateway has sent nothing for digest.silent_after.",
                    labels: [("gateway", gateway.name), ("az", gateway.az)])
            }
        }
        registry.forget("bellwether_token_next_expiry_timestamp_seconds")
        if let expiry = tokens.expiring.first?.expires {
            registry.set(
                "bellwether_token_next_expiry_timestamp_seconds",
                to: Double(expiry.milliseconds) / 1000,
                help: "When the next valid token expires, in seconds since 1970.")
        }
    }

    private func showLag(_ cursor: String, behind position: LogPosition) {
        registry.set(
            "bellwether_cursor_lag_bytes", to: Double(eventLog.bytes(after: position)),
            help:
                "Bytes of the log that are not yet forwarded, not yet known to be safe there, or not yet read by the digests.",
            labels: [("cursor", cursor)])
    }

    private func showDisk() async {
        guard let space = await eventLog.space() else { return }
        registry.set(
            "bellwether_disk_free_bytes", to: Double(space.free),
            help: "Free bytes of the file system that holds the log.")
        registry.set(
            "bellwether_disk_size_bytes", to: Double(space.total),
            help: "Size of the file system that holds the log.")
        registry.set(
            "bellwether_disk_floor_bytes", to: Double(space.floor),
            help: "Bytes that the log leaves free on the disk, log.min_free.")
    }

    private func showState() async {
        guard notifier != nil else { return }
        let now = WallClock.system.now
        let read = try? await store.read { db in try Self.state(db, now) }
        guard let read else { return }
        for (state, count) in read.outbox {
            registry.set(
                "bellwether_outbox_deliveries", to: Double(count),
                help: "Deliveries in the outbox by state.", labels: [("state", state.rawValue)])
        }
        registry.set(
            "bellwether_silences_active", to: Double(read.silences),
            help: "Silences in force, without those of the configuration.")
    }

    private struct State: Sendable {
        var outbox: [DeliveryState: Int] = [:]
        var silences = 0
    }

    private static func state(
        _ db: Store.Transaction, _ now: Timestamp
    ) throws -> State {
        State(outbox: try Outbox.counts(db), silences: try SilenceBook.list(db, at: now).count)
    }
}
