import Archives
import Console
import Core
import Delivery
import EventLog
import Events
import Gateway
import Logging
import Notifier
import Probes
import Rendering
import Server
import ServiceLifecycle
import Settings
import Shipping
import State
import Synchronization
import Telemetry
import Transfer

extension Node {
    /// Serves until cancelled or shut down gracefully.
    public func run() async throws {
        var services: [any Service] = [tokens]
        let ended = handOver
        let fault = ShippingFaultBox()
        if let bucket {
            // Before what decides: services stop in the opposite order, and the last decisions are
            // copied, too.
            services.append(
                BackgroundService {
                    do throws(ShippingFault) { try await bucket.log.run() } catch {
                        // The others end as at a shutdown: requests under way get their answers.
                        fault.value = error
                        ended.give()
                    }
                })
            services.append(
                BackgroundService { [begun] in
                    await begun.wait()
                    await bucket.archives.run()
                })
            services.append(BackgroundService { await bucket.removeObjects() })
            if let other = bucket.other {
                services.append(BackgroundService { await other.run() })
                let orphans = OrphanedLines(
                    bucket.store.bucket, eventLog, of: bucket.log, telemetry: telemetry)
                services.append(
                    BackgroundService { [begun] in
                        await begun.wait()
                        await orphans.run()
                    })
            }
        }
        services.append(
            BackgroundService {
                await self.followUntilLeading()
            })
        services.append(BackgroundService { [board] in await board.run() })
        services.append(
            BackgroundService { [store, eventLog, bucket] in
                await Self.snapshots(of: store, eventLog, bucket)
            })
        services.append(CertificateWatch(server, telemetry: telemetry))
        let troubles = TroubleWatch(
            server: server, tokens: tokens, eventLog: eventLog, gateway: gateway,
            notifier: notifier, bucket: bucket, node: settings.node, az: settings.az,
            telemetry: telemetry)
        services.append(
            BackgroundService { [begun] in
                // Its messages are those of the node that leads.
                await begun.wait()
                try await troubles.run()
            })
        if let notifier {
            let begun = begun
            services.append(
                BackgroundService {
                    await begun.wait()
                    await self.report(faults: notifier.dispatcher.plan.renderer.faults)
                    await notifier.digestService.settled()
                    await notifier.delivery.run()
                })
            services.append(
                BackgroundService {
                    await begun.wait()
                    try await notifier.digestService.run()
                })
            services.append(
                BackgroundService {
                    await begun.wait()
                    await notifier.runEnds.run()
                })
            services.append(
                BackgroundService {
                    await begun.wait()
                    await notifier.gateways.run()
                })
            services.append(
                BackgroundService { [decisions] in
                    await begun.wait()
                    await decisions.run()
                })
            let watch = DeliveryWatch(store, keeper: board)
            services.append(BackgroundService { await watch.run() })
        }
        if let gateway {
            services.append(BackgroundService { await gateway.checkpoint.run() })
            services.append(
                BackgroundService { await Self.sample(gateway.service) })
            if let forwarder = gateway.forwarder {
                services.append(BackgroundService { await forwarder.run() })
            }
            if let runEnds = gateway.runEnds {
                services.append(BackgroundService { await runEnds.run() })
            }
        }
        // The last service is shut down first: no new request arrives while the others stop.
        services.append(server)
        var logger = telemetry.logger
        logger.logLevel = max(logger.logLevel, .warning)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: services, logger: logger))
        let ordered = Task {
            await ended.wait()
            if ended.isGiven { await group.triggerGracefulShutdown() }
        }
        defer { ordered.cancel() }
        try await withGracefulShutdownHandler {
            try await group.run()
        } onGracefulShutdown: {
            Task { await group.triggerGracefulShutdown() }
        }
        if let fault = fault.value { throw fault }
        // `close` notifies the other node.
        if ended.isGiven { throw ShippingFault.handedOver }
    }

    /// Writes a snapshot of the state file every ten minutes, or after 500 objects of the log, and
    /// copies it to the bucket.
    private static func snapshots(
        of store: Store, _ eventLog: EventLog, _ bucket: BucketParts?
    ) async {
        var schedule = SnapshotSchedule(at: .now)
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(60))
            if Task.isCancelled { return }
            let newest = bucket?.log.status.newest ?? 0
            guard schedule.takesOne(at: .now, newest: newest) else { continue }
            // The state file itself is intact; the next snapshot is tried in time.
            guard (try? await store.snapshot()) != nil else { continue }
            await bucket?.keep(snapshotOf: store, eventLog)
        }
    }

    /// Samples the sampling probes at once and then as `untilSample` requires, so that a
    /// measurement has a sample at both ends of its window.
    private static func sample(_ service: MeasurementService) async {
        while !Task.isCancelled {
            let plan = service.plan
            await plan.probes.sample()
            try? await Task.sleep(for: plan.untilSample(after: WallClock.system.now))
        }
    }

    /// How long the end waits for the bucket; what is not there by then is copied after the start.
    private static let shippingAtTheEnd = Duration.seconds(5)

    /// Closes what `open` opened. Idempotent.
    public func close() async {
        if let gateway { await gateway.checkpoint.write() }
        await bucket?.log.finish(within: Self.shippingAtTheEnd)
        await eventLog.close()
        probing.shutdown()
        delivering.shutdown()
        bucket?.store.engine.shutdown()
        try? store.close()
    }
}

/// Why the node's part in the log ended. Thread-safe.
private final class ShippingFaultBox: Sendable {
    private let state = Mutex<ShippingFault?>(nil)
    var value: ShippingFault? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

/// A service that runs `work` until a graceful shutdown cancels it.
struct BackgroundService: Service {
    let work: @Sendable () async throws -> Void

    init(_ work: @escaping @Sendable () async throws -> Void) { self.work = work }

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            do { try await work() } catch is CancellationError {}
            // A service that returns would end the node; a part of a life that is over just rests.
            await OneTimeSignal().wait()
        }
    }
}
