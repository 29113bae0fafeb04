import Archives
import Core
import Delivery
import EventLog
import Events
import Gateway
import HTTPTypes
import HummingbirdCore
import Notifier
import Server
import Settings
import Shipping
import State
import Telemetry

extension Node {
    /// The maximum size of a hook's payload in bytes: a whole Rollout, or some hundreds of alerts.
    private static let hookBodyLimit = 1 << 20
    /// How long a post's answer waits for the bucket. Most senders wait 10 s, Argo's notifications
    /// controller 30 s.
    private static let postWait = Duration.seconds(8)
    /// How long posted lines wait for those of others before they are copied: senders that post all
    /// the time cause ten writes a second at most.
    private static let postDelay = Duration.milliseconds(100)

    static func routes(
        _ settings: Settings, _ inForce: SettingsInForce, _ eventLog: EventLog,
        _ decisions: DecisionLog, _ gateway: GatewayParts?, _ notifier: NotifierParts?,
        _ bucket: BucketParts?,
        _ metrics: NodeMetrics, _ tokens: TokenRegistry, _ handOver: OneTimeSignal,
        _ followed: OneTimeSignal, _ console: [Route]
    ) -> [Route] {
        let store = decisions.store
        var routes: [Route] = [
            .health("/livez", checks: []),
            .health(
                "/readyz",
                checks: checks(settings, eventLog, store, gateway, notifier, bucket)
                    + pairChecks(settings.pair, bucket?.leadership, followed),
                leader: bucket.map { leaderCheck($0.leadership) }),
            .metrics(registry: metrics.registry) { await metrics.look() },
        ]
        if let gateway {
            routes += MeasurementRoutes.routes(gateway.service)
            routes += ProbeRoutes.routes(gateway.service)
            routes += FlaggerGateRoutes.routes(gateway.service)
        }
        routes += EventRoutes.routes(eventLog)
        routes += LogRoutes.routes(eventLog, maxBytes: settings.log.maxBytes)
        routes.append(ConfigurationRoute.route(inForce))
        routes += TokenRoutes.routes(tokens)
        // A gateway takes hooks, too: its runs then end at once, and the notifier gets the event
        // with the others.
        var answers = PostAnswers.onDisk
        if let mark = bucket?.log.mark {
            answers = PostAnswers { end in
                await mark.wait(for: end, within: postWait, hurryAfter: postDelay)
            }
        }
        routes += HookRoutes.routes(
            eventLog, node: settings.node, bodyLimit: hookBodyLimit, answers: answers
        ) { [service = gateway?.service] end in
            await service?.end(end)
        }
        if let notifier {
            routes += RunEndRoutes.routes(notifier.runEnds, gateways: notifier.gateways)
            routes += IngestRoutes.routes(
                eventLog, bodyLimit: settings.listen.limits.maxIngestBody, answers: answers,
                shipped: shippedLog(settings.node, bucket))
            routes += OTLPRoutes.routes(
                eventLog, bodyLimit: settings.listen.limits.maxIngestBody, answers: answers)
            routes += DigestRoutes.routes(store)
            routes.append(DigestPreview.route(inForce))
            routes += SilenceRoutes.routes(notifier.actions)
            routes += IncidentRoutes.routes(notifier.actions, digests: notifier.digestService)
            routes += DeliveryRoutes.routes(decisions) { [delivery = notifier.delivery] in
                delivery.wake()
            }
        }
        routes += console
        let leadership = bucket?.leadership ?? Leadership(.leading)
        if settings.pair != nil { routes = guarded(routes, by: leadership) }
        guard notifier != nil else { return routes }
        return routes
            + pairRoutes(
                settings.pair, leadership, bucket?.other, version: { inForce.version },
                handOver: handOver)
    }

    /// What receipts report: how far the log is in the bucket.
    private static func shippedLog(
        _ node: String, _ bucket: BucketParts?
    ) -> @Sendable () -> ShippedLog? {
        guard let mark = bucket?.log.mark else { return { nil } }
        return {
            let (term, shipped) = mark.value
            // Positions of two folders of one node are not comparable before one of them leads.
            return ShippedLog(node: node, term: term, to: term == 0 ? .start : shipped)
        }
    }

    private static func checks(
        _ settings: Settings, _ eventLog: EventLog, _ store: Store, _ gateway: GatewayParts?,
        _ notifier: NotifierParts?, _ bucket: BucketParts?
    ) -> [HealthCheck] {
        var checks = [
            HealthCheck("log:durable") {
                let status = eventLog.status
                guard let why = status.shedding else {
                    guard let keeps = status.keeps else { return .init(.pass) }
                    return .init(
                        .warn,
                        output:
                            "disk space is short: lines less important than \(keeps.name) are dropped; free disk space"
                    )
                }
                // Without the log a gateway still answers measurements; a notifier cannot work.
                return .init(
                    settings.has(.gateway) ? .warn : .fail,
                    output:
                        "the log accepts no lines (\(why.rawValue)); free disk space or check the disk"
                )
            },
            HealthCheck("log:bytes") {
                .init(.pass, value: Double(eventLog.status.usedBytes), unit: "bytes")
            },
        ]
        if let bucket {
            checks.append(
                HealthCheck("bucket:archives") {
                    let waiting = Double(eventLog.unshipped.segments)
                    // The log continues without its bucket, so the node stays ready.
                    guard let fault = bucket.archives.status.fault else {
                        return .init(.pass, value: waiting, unit: "segments")
                    }
                    return .init(.warn, output: "\(fault)", value: waiting, unit: "segments")
                })
            checks.append(
                HealthCheck("bucket:log") {
                    let behind = Double(eventLog.bytes(after: bucket.log.mark.value.shipped))
                    let status = bucket.log.status
                    return .init(
                        status.failures == 0 ? .pass : .warn, output: status.fault, value: behind,
                        unit: "bytes")
                })
        }
        if let forwarder = gateway?.forwarder {
            checks.append(
                HealthCheck("forward:notifier") {
                    let status = forwarder.status
                    return status.failuresInARow == 0
                        ? .init(.pass)
                        : .init(
                            .warn, output: status.fault, value: Double(status.failuresInARow),
                            unit: "failures")
                })
            func backlog(_ name: String, _ bytes: @escaping @Sendable () -> Int) -> HealthCheck {
                HealthCheck("forward:\(name)") {
                    .init(.pass, value: Double(bytes()), unit: "bytes")
                }
            }
            checks.append(
                backlog("unsent") { eventLog.bytes(after: forwarder.status.acknowledged) })
            checks.append(backlog("unsafe") { eventLog.bytes(after: forwarder.status.safe) })
        }
        if let notifier {
            checks.append(
                HealthCheck("digest:desk") {
                    let status = notifier.digestService.status
                    return status.fault.isEmpty
                        ? .init(.pass, value: Double(status.openGroups), unit: "groups")
                        : .init(.warn, output: status.fault)
                })
            checks.append(.receivers(of: notifier.delivery))
            checks.append(
                HealthCheck("outbox:dead") {
                    let dead = try? await store.read { db in try Outbox.counts(db)[.dead] ?? 0 }
                    guard let dead else {
                        return .init(.fail, output: "the state file cannot be read")
                    }
                    return dead == 0
                        ? .init(.pass)
                        : .init(
                            .warn, output: "see `bellwether outbox list`", value: Double(dead),
                            unit: "letters")
                })
        }
        return checks
    }
}

extension HealthCheck {
    /// Warns while receivers have accepted nothing for five minutes.
    static func receivers(of delivery: DeliveryService) -> HealthCheck {
        HealthCheck("receivers:failing") {
            let failing = delivery.failingReceivers
            return failing.isEmpty
                ? .init(.pass)
                : .init(
                    .warn, output: failing.joined(separator: "; "),
                    value: Double(failing.count), unit: "receivers")
        }
    }
}

/// `GET /v1/configuration`: the settings in force as YAML, secrets masked (scope `admin`).
enum ConfigurationRoute {
    static func route(_ inForce: SettingsInForce) -> Route {
        Route(.get, "/v1/configuration", access: .requires(.admin)) { _ in
            .bytes(
                Array(inForce.current.describe().utf8), contentType: "application/yaml",
                headers: [.cacheControl: "no-store"])
        }
    }
}
