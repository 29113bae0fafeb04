public import EventLog
public import Events
import HTTPTypes
import JSON
import Logging
import Server
import Synchronization
public import Telemetry

/// The gateways that forward to this notifier; reports once that one is silent, and that it is back.
///
/// A gateway names itself with each poll for ended runs, every 2 s. Each change is an event of the
/// log, which a start reads again: nothing is reported twice. Thread-safe.
public final class GatewayBook: Sendable {
    private let eventLog: EventLog
    private let lines: LineGuard
    private let limit: @Sendable () -> Duration
    private let wall: WallClock
    private let clock: any Clock<Duration>
    private let stopwatch: Stopwatch
    private let telemetry: Telemetry
    private let table = Mutex(GatewayTable())

    /// Time between two looks.
    private static let pause = Duration.seconds(1)
    /// A pause between two looks that is longer than this is this process's own: it was stopped or
    /// starved and took no requests either.
    private static let ownPause = Duration.seconds(10)

    /// - Parameter silentAfter: How long a gateway may send nothing; zero: for ever.
    public init(
        eventLog: EventLog, wall: WallClock = .system,
        clock: any Clock<Duration> = ContinuousClock(), telemetry: Telemetry,
        silentAfter: @escaping @Sendable () -> Duration
    ) {
        self.eventLog = eventLog
        lines = eventLog.lineGuard(of: .gateways)
        limit = silentAfter
        self.wall = wall
        self.clock = clock
        stopwatch = Stopwatch(clock)
        self.telemetry = telemetry
        for change in GatewayTable.Change.allCases {
            GatewayChanged.count(0, change, in: telemetry.registry)
        }
    }

    /// All known gateways, by zone and name.
    public var gateways: [KnownGateway] { table.withLock { $0.gateways } }

    /// Notes the gateway that a request names in its headers.
    func note(_ exchange: Exchange) {
        let fields = exchange.head.headerFields
        let presence = GatewayPresence { name in HTTPField.Name(name).flatMap { fields[$0] } }
        if let presence { note(presence) }
    }

    func note(_ presence: GatewayPresence) {
        let (elapsed, now) = (stopwatch.elapsed, wall.now)
        table.withLock { $0.note(presence, at: elapsed, now: now) }
    }

    /// Reads what earlier processes recorded, then records changes until cancelled.
    public func run() async {
        await lines.pause(clock)
        while !Task.isCancelled {
            do {
                try await restore()
                break
            } catch { try? await clock.sleep(for: Self.pause) }
        }
        var looked = stopwatch.elapsed
        // The time until here was the start's, in which no request was taken.
        table.withLock { $0.excuse(looked) }
        while !Task.isCancelled {
            try? await clock.sleep(for: Self.pause)
            let elapsed = stopwatch.elapsed
            if elapsed - looked > Self.ownPause {
                let pause = elapsed - looked
                table.withLock { $0.excuse(pause) }
            }
            looked = elapsed
            let (now, limit) = (wall.now, limit())
            for news in table.withLock({ $0.due(at: elapsed, now: now, limit: limit) }) {
                if Task.isCancelled { return }
                await record(news, at: now)
            }
        }
    }

    private func restore() async throws {
        // The condition only selects: other names that contain the text are skipped below.
        var reader = eventLog.reader(
            from: .start,
            query: EventLogQuery(
                since: wall.now - GatewayTable.memory, where: .contains("event", "gateway.")))
        var batch: EventLogBatch
        repeat {
            batch = try await reader.next(maxLines: 1000, maxBytes: 1 << 20)
            await lines.fold(batch.lines, into: ()) { [self] _, line in restore(line) }
        } while !batch.isCaughtUp
    }

    private func restore(_ line: EventLogLine) {
        guard let event = try? Event(line: line.bytes),
            let change = GatewayTable.Change(event: event.event), let node = event.node
        else { return }
        let lastRequest = event.extra("heard")?.string.flatMap { Timestamp(rfc3339: $0) }
        table.withLock {
            $0.restore(
                change, node: node, az: event.az ?? "", lastRequest: lastRequest ?? event.ts,
                at: event.ts)
        }
    }

    /// Appends the event of a change. Under the gateway's own name, so that its incident and
    /// silences are those of that node.
    private func record(_ news: GatewayTable.News, at now: Timestamp) async {
        let event = Event(news, notifier: eventLog.configuration.node, at: now)
        let receipt = try? await eventLog.ingest(IngestBody(event.line))
        guard let receipt, receipt.accepted + receipt.duplicates > 0 else {
            let elapsed = stopwatch.elapsed
            table.withLock { $0.postpone(news, at: elapsed) }
            return
        }
        table.withLock { $0.settle(news, now: now) }
        telemetry.emit(GatewayChanged(news: news, now: now))
    }
}

extension Event {
    /// The event `gateway.seen`, `.left`, `.silent` or `.back`.
    init(_ news: GatewayTable.News, notifier: String, at now: Timestamp) {
        let level: Level = news.change == .silent ? .error : .info
        let name =
            "\(news.change.event)\0\(news.node)\0\(news.lastRequest.milliseconds)\0\(notifier)"
        self.init(
            id: String(ContentHash.hex(name.utf8).prefix(32)), ts: now, level: level,
            event: news.change.event, node: news.node, az: news.az.isEmpty ? nil : news.az,
            message: news.words(at: now),
            extra: [
                JSONValue.Member("heard", .string(news.lastRequest.rfc3339)),
                JSONValue.Member("notifier", .string(notifier)),
            ])
    }
}

extension GatewayTable.News {
    /// One sentence for people.
    func words(at now: Timestamp) -> String {
        let seconds = max(0, (now - lastRequest).components.seconds)
        let span = seconds < 120 ? "\(seconds) s" : "\(seconds / 60) min"
        switch change {
        case .seen: return "\(node) forwards to this notifier"
        case .left: return "\(node) stopped as planned"
        case .silent: return "no request from \(node) since \(lastRequest.rfc3339), \(span) ago"
        case .back: return "\(node) sends again, after \(span)"
        }
    }
}

/// A gateway appeared, stopped, is silent or is back.
struct GatewayChanged: TelemetryEvent {
    let news: GatewayTable.News
    let now: Timestamp

    var level: Logger.Level {
        switch news.change {
        case .seen: .debug
        case .left: .info
        case .silent: .error
        case .back: .notice
        }
    }
    var message: String { news.words(at: now) }
    var fields: [(String, String)] { [("gateway", news.node), ("az", news.az)] }

    func record(in registry: PrometheusRegistry) { Self.count(1, news.change, in: registry) }

    static func count(
        _ times: Double, _ change: GatewayTable.Change, in registry: PrometheusRegistry
    ) {
        registry.count(
            "bellwether_gateway_changes_total", by: times,
            help: "Gateways that appeared (also once a day), stopped, fell silent or are back.",
            labels: [("change", change.rawValue)])
    }
}
