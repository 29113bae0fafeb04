import Archives
import Console
import Core
import Delivery
import Digests
public import EventLog
import Events
import Gateway
import Logging
import Notifier
import Probes
import Rendering
public import Server
import ServiceLifecycle
public import Settings
import Shipping
public import State
public import Telemetry
import Transfer

/// A node: the modules assembled for the roles of a configuration.
///
/// `open` creates or opens everything durable, `run` serves until the task is cancelled or a
/// graceful shutdown, `close` closes what `open` opened. Several nodes can run in one process,
/// each with its own data folder.
public final class Node: Sendable {
    public let settings: Settings
    public let folder: DataFolder
    public let store: Store
    let decisions: DecisionLog
    public let eventLog: EventLog
    public let tokens: TokenRegistry
    /// Token files of the first start.
    public let madeTokens: [FirstStart.MadeToken]
    public let certificate: TLSFiles
    public let server: HTTPServer
    let telemetry: Telemetry
    /// Transfers of probes; deliveries use another engine, with its own thread.
    let probing: TransferEngine
    /// Transfers of digests and forwarded events.
    let delivering: TransferEngine
    /// nil without the key `bucket`.
    let bucket: BucketParts?
    let gateway: GatewayParts?
    let notifier: NotifierParts?
    let board: BoardService
    /// Given when the node may decide and send; of a pair, once it leads.
    let begun = OneTimeSignal()
    /// Given when the state file has what the leader decided before this node started.
    let followed = OneTimeSignal()
    /// Given when a person requests that this node hands over.
    let handOver = OneTimeSignal()
    let inForce: SettingsInForce

    /// The role `gateway`.
    struct GatewayParts: Sendable {
        let service: MeasurementService
        let checkpoint: AttemptCheckpoint
        let upstreams: GatewayPlan.Upstreams
        /// nil if this node is also the notifier.
        let forwarder: Forwarder?
        /// nil if this node is also the notifier.
        let runEnds: RunEndPoller?
    }

    /// The role `notifier`.
    struct NotifierParts: Sendable {
        let digestService: DigestService
        let dispatcher: DigestDispatcher
        let delivery: DeliveryService
        let receivers: ReceiversInForce
        let runEnds: RunEndBook
        let gateways: GatewayBook
        let actions: OperatorActions
    }

    // MARK: - Opening

    /// Opens a node; `run` starts it.
    ///
    /// - Throws: If the data folder, the log (for example held by another process), the state
    ///   file, a certificate or a receiver cannot be used.
    public static func open(_ settings: Settings, telemetry: Telemetry) async throws -> Node {
        try await open(settings, telemetry: telemetry, examine: nil)
    }

    /// The same, with a function that the log's readers call for each line: tests use it to end
    /// the process.
    package static func open(
        _ settings: Settings, telemetry: Telemetry, examine: LineExamination?
    ) async throws -> Node {
        let folder = DataFolder(settings.dataDirectory)
        if let mode = try folder.prepare() {
            telemetry.emit(FolderClosed(path: folder.path, mode: mode))
        }
        if settings.bucket == nil { try FolderRestore.check(folder.path) }
        let store = try settings.bucket.map { try BucketStore($0, telemetry: telemetry) }
        do {
            if settings.pair != nil, let store {
                try await PairFolder.prepare(
                    store.bucket, directory: folder.path, node: settings.node)
            }
            let restore = try await store?.beginRestore(settings, telemetry: telemetry)
            let eventLog = try await EventLog.open(
                EventLogConfiguration(settings), telemetry: telemetry, examine: examine)
            do {
                // Before the first reader of the log, and before anything else appends to it.
                try await restore?.finish(eventLog, takesOver: settings.pair == nil)
                let tokens =
                    restore?.isAgain == true ? try await folder.dropState() : []
                return try await Node(settings, folder, eventLog, store, tokens, telemetry)
            } catch {
                await eventLog.close()
                throw error
            }
        } catch {
            store?.engine.shutdown()
            throw error
        }
    }

    private init(
        _ settings: Settings, _ folder: DataFolder, _ eventLog: EventLog,
        _ bucketStore: BucketStore?, _ keptTokens: [TokenTable.Row], _ telemetry: Telemetry
    ) async throws {
        self.settings = settings
        let inForce = SettingsInForce(settings)
        self.inForce = inForce
        self.folder = folder
        self.eventLog = eventLog
        self.telemetry = telemetry
        if try Store.restoreSnapshot(to: folder.state) {
            telemetry.emit(StateRestored(path: folder.state))
        }
        let store = try Store(path: folder.state)
        self.store = store
        try await store.write { db in
            let known = Set(try TokenTable.all(db).map(\.id))
            for row in keptTokens where !known.contains(row.id) { try TokenTable.add(db, row) }
        }
        let cursors = try await store.read { db in try CursorTable.all(db) }
        for (name, position) in cursors.sorted(by: { $0.key < $1.key }) {
            await eventLog.expect(position, of: name)
        }
        let probing = TransferEngine(telemetry: telemetry)
        let delivering = TransferEngine(telemetry: telemetry)
        (self.probing, self.delivering) = (probing, delivering)
        if let section = settings.bucket, let bucketStore {
            bucket = try await BucketParts(
                bucketStore, section, settings, eventLog, version: { inForce.version },
                telemetry: telemetry)
        } else {
            bucket = nil
        }
        let decisions = DecisionLog(
            eventLog: eventLog, store: store, bucket: bucket?.decisions, telemetry: telemetry)
        self.decisions = decisions
        tokens = try await TokenRegistry(
            store: store, files: settings.auth.tokenFiles.map(TokenFile.init),
            telemetry: telemetry)
        madeTokens = try await FirstStart.tokens(
            in: folder, registry: tokens, roles: settings.roles)
        let address = try ListenAddress(settings.listen)
        certificate = try Self.certificate(settings.listen, folder, address)

        gateway = try await Self.gateway(
            settings, eventLog, store, probing: probing, forwarding: delivering, telemetry)
        notifier = try await Self.notifier(
            settings, inForce, folder, decisions, delivering, gateway?.service,
            maySend: { [leadership = bucket?.leadership] in leadership?.canAct ?? true }, telemetry)

        let recorder = EventRecorder(eventLog: eventLog, telemetry: telemetry)
        let sessions = SessionSeal()
        board = BoardService(eventLog: eventLog)
        let metrics = NodeMetrics(
            registry: telemetry.registry, eventLog: eventLog, store: store, tokens: tokens,
            gateway: gateway, notifier: notifier, bucket: bucket)
        let budget = DescriptorBudget.inForce(wanted: settings.listen.limits.maxConnections)
        if budget.isTooLow { throw DescriptorsMissing(budget: budget) }
        if budget.fault != nil { telemetry.emit(ConnectionsLimited(budget: budget)) }
        server = try HTTPServer(
            HTTPServerConfiguration(
                settings.listen, address: address, tls: certificate,
                connections: budget.connections),
            routes: OpenAPIDocument.adding(
                to: Self.routes(
                    settings, inForce, eventLog, decisions, gateway, notifier, bucket, metrics,
                    tokens, handOver, followed,
                    ConsoleRoutes(
                        Self.console(settings, eventLog, gateway, notifier), eventLog: eventLog,
                        decisions: decisions, keeper: board, sessions: sessions
                    ).routes)),
            tokens: tokens, sessions: sessions, telemetry: telemetry,
            onRefusal: { refusal in
                await recorder.record(refusal: refusal, node: settings.node, az: settings.az)
            },
            onHandshakeRefusal: { handshake in
                await recorder.record(handshake: handshake, node: settings.node, az: settings.az)
            })
    }

    private static func certificate(
        _ listen: Settings.Listen, _ folder: DataFolder, _ address: ListenAddress
    ) throws -> TLSFiles {
        if !listen.tls.certificate.isEmpty {
            return TLSFiles(certificate: listen.tls.certificate, key: listen.tls.key)
        }
        var names = ["localhost", "127.0.0.1", "::1", Settings.embedded.node]
        for name in [address.host] + listen.hosts
        where !names.contains(name) && !ListenAddress(host: name, port: 0).isEveryAddress {
            names.append(name)
        }
        return try SelfSignedCertificate.files(in: folder.tls, names: names)
    }

    private static func gateway(
        _ settings: Settings, _ eventLog: EventLog, _ store: Store, probing: TransferEngine,
        forwarding: TransferEngine, _ telemetry: Telemetry
    ) async throws -> GatewayParts? {
        guard settings.has(.gateway) else { return nil }
        let upstreams = GatewayPlan.Upstreams(engine: probing)
        let service = try await MeasurementService(
            plan: GatewayPlan(settings, upstreams: upstreams),
            node: settings.node, az: settings.az, binary: BinaryHash.current, eventLog: eventLog,
            store: store,
            rate: TokenBucket.Rate(
                burst: settings.listen.limits.measurementsBurst,
                perSecond: Double(settings.listen.limits.measurementsPerSecond)),
            telemetry: telemetry)
        let forwarder =
            settings.has(.notifier)
            ? nil
            : Forwarder(
                Forwarder.Configuration(settings.forward), eventLog: eventLog, store: store,
                transfer: forwarding, telemetry: telemetry)
        let runEnds =
            forwarder == nil
            ? nil
            : RunEndPoller(
                Forwarder.Configuration(settings.forward),
                as: GatewayPresence(node: settings.node, az: settings.az), transfer: forwarding,
                telemetry: telemetry
            ) { end in await service.end(end) }
        return GatewayParts(
            service: service, checkpoint: AttemptCheckpoint(service, store: store),
            upstreams: upstreams, forwarder: forwarder, runEnds: runEnds)
    }

    private static func notifier(
        _ settings: Settings, _ inForce: SettingsInForce, _ folder: DataFolder,
        _ decisions: DecisionLog,
        _ engine: TransferEngine, _ gateway: MeasurementService?,
        maySend: @escaping @Sendable () -> Bool, _ telemetry: Telemetry
    ) async throws -> NotifierParts? {
        guard settings.has(.notifier) else { return nil }
        let plan = try DigestDispatcher.Plan(
            settings, outgoing: folder.outgoing, transfer: engine)
        let eventLog = decisions.eventLog
        if settings.pair == nil { await decisions.replay() }
        let recorder = EventRecorder(eventLog: eventLog, telemetry: telemetry)
        var policy = DeliveryPolicy()
        policy.retryCommand += " \(settings.nodeOption)"
        let delivery = DeliveryService(
            store: decisions.store, receivers: plan.receivers.values.sorted { $0.name < $1.name },
            policy: policy, retryCeilings: settings.retryCeilings, telemetry: telemetry,
            onDead: { letter in
                await recorder.record(
                    Event(dead: letter, node: settings.node, az: settings.az),
                    within: .seconds(5))
            },
            onChange: { change in
                await recorder.record(
                    Event(change, node: settings.node, az: settings.az), within: .seconds(5))
            },
            maySend: maySend,
            settling: { outcomes, now, store in
                try await decisions.settle(outcomes, at: now, store)
            })
        let dispatcher = DigestDispatcher(plan) { delivery.wake() }
        let digestService = DigestService(
            DigestService.Plan(settings), decisions: decisions, dispatch: dispatcher,
            telemetry: telemetry)
        return NotifierParts(
            digestService: digestService, dispatcher: dispatcher, delivery: delivery,
            receivers: ReceiversInForce(settings.receivers),
            runEnds: RunEndBook(eventLog: eventLog) { end in await gateway?.end(end) },
            gateways: GatewayBook(eventLog: eventLog, telemetry: telemetry) {
                inForce.current.digest.silentAfter
            },
            actions: OperatorActions(decisions: decisions, digests: digestService))
    }
}
