import Core
import Delivery
import EventLog
import Events
import Gateway
import JSON
import Secrets
import Server
import Settings
import State
import Transfer

extension EventLogConfiguration {
    init(_ settings: Settings) {
        self.init(
            directory: settings.dataDirectory, node: settings.node,
            maxBytes: settings.log.maxBytes, maxAge: settings.log.maxAge,
            minFree: settings.log.minFree,
            minKeep: EventLogConfiguration.MinKeep(settings.log.minKeep),
            segmentBytes: settings.log.segmentBytes,
            segmentAge: settings.log.segmentAge, durability: Durability(settings.log.durability),
            dedupWindow: settings.log.dedupWindow, perNodeShare: settings.log.perNodeShare)
        shipsArchives = settings.bucket != nil
        storeKeeps = settings.bucket?.keep
        beginsAsCopy = settings.pair != nil
    }
}

extension EventLogConfiguration.MinKeep {
    init(_ keep: Settings.Log.MinKeep) {
        self =
            switch keep {
            case .share(let share): .share(share)
            case .history(let age): .history(age)
            }
    }
}

extension EventLogConfiguration.Durability {
    init(_ durability: Settings.Log.Durability) {
        self =
            switch durability {
            case .commit: .commit
            case .interval(let pause): .interval(pause)
            case .os: .os
            }
    }
}

extension Forwarder.Configuration {
    init(_ forward: Settings.Forward) {
        self.init(
            to: forward.to,
            token: forward.token.isSet ? forward.token : nil,
            trust: forward.caFile.isEmpty ? .system : .file(forward.caFile),
            batchLines: forward.batchLines, batchBytes: forward.batchBytes,
            compress: forward.compress, linger: forward.linger,
            deadline: forward.timeout,
            retry: RetryPolicy(
                initial: forward.retryInitial, factor: 2, ceiling: forward.retryCeiling))
    }
}

extension TokenFile {
    init(_ file: Settings.TokenFile) {
        self.init(
            path: file.path, name: file.name,
            scopes: Set(file.scopes.compactMap { Scope(rawValue: $0.rawValue) }))
    }
}

extension ListenAddress {
    /// - Throws: `ServerError` for an address that `check` refuses.
    init(_ listen: Settings.Listen) throws(ServerError) {
        guard let endpoint = listen.endpoint else {
            throw ServerError(
                place: "listen.address", fault: "\(listen.address) is not an address to listen on",
                remedy: "run `bellwether check`, which names what to write")
        }
        self.init(host: endpoint.host, port: endpoint.port)
    }
}

extension HTTPServerConfiguration {
    /// - Parameter connections: The maximum number of open connections.
    init(
        _ listen: Settings.Listen, address: ListenAddress, tls: TLSFiles, connections: Int
    ) {
        let limits = listen.limits
        let perPeer = limits.maxConnectionsPerPeer
        self.init(
            address: address, hosts: listen.hosts, tls: tls,
            clients: ClientCertificates(
                authority: listen.tls.clientCA, names: listen.tls.clientNames,
                demand: ClientCertificates.Demand(rawValue: listen.tls.clients.rawValue) ?? .token),
            limits: ServerLimits(
                connections: connections,
                connectionsPerPeer: perPeer > 0 ? perPeer : max(1, connections / 2),
                headerTimeout: limits.headerTimeout,
                idleTimeout: limits.idleTimeout, requestDeadline: limits.requestDeadline,
                drainDeadline: limits.drainDeadline, headerBytes: limits.maxHeader,
                bodyBytes: limits.maxBody, memory: limits.maxMemory,
                streams: limits.maxStreams, queries: limits.maxQueries),
            // Not sent with the self-signed certificate. A browser that trusts it for `localhost`
            // would use only TLS there, on every port, and would permit no exception once the
            // certificate is replaced.
            strictTransport: listen.tls.certificate.isEmpty || listen.tls.hsts == .zero
                ? nil : listen.tls.hsts)
    }
}

extension Event {
    /// The event `receiver.failing` or `receiver.recovered`.
    init(_ change: ReceiverChange, node: String, az: String) {
        let isFailing = if case .failing = change { true } else { false }
        self.init(
            ts: WallClock.system.now, level: isFailing ? .error : .info,
            event: isFailing ? EventName.receiverFailing : EventName.receiverRecovered,
            node: node, az: az, message: change.words,
            extra: [.init("receiver", .string(change.receiver))])
    }

    /// The event `delivery.dead` of a digest that could not be delivered. News only for the first
    /// one to an addressee.
    init(dead letter: DeadLetter, node: String, az: String) {
        self.init(
            id: "dead-\(letter.id)-\(letter.digest)", ts: WallClock.system.now,
            level: letter.isRepeated ? .info : .error, event: EventName.deliveryDead, node: node,
            az: az,
            message:
                "digest \(letter.digest) cannot be delivered to \(letter.addressee.receiver): \(letter.words)",
            extra: [
                .init("digest", .string(letter.digest)),
                .init("receiver", .string(letter.addressee.receiver)),
                .init("recipient", .string(letter.addressee.recipient)),
                .init("outbox", .number(String(letter.id))),
                .init("tries", .number(String(letter.tries))),
                .init("repeated", .bool(letter.isRepeated)),
            ])
    }
}
