import Archives
import Bucket
import Delivery
import EventLog
import Events
import Gateway
import Notifier
import Server
import Shipping
import ServiceLifecycle
import Shipping
import Telemetry

/// Checks the node itself every few seconds, and reports each trouble once.
struct TroubleWatch: Service {
    static let pause = Duration.seconds(5)

    let server: HTTPServer
    let tokens: TokenRegistry
    let eventLog: EventLog
    let gateway: Node.GatewayParts?
    let notifier: Node.NotifierParts?
    let bucket: Node.BucketParts?
    let node: String
    let az: String
    let telemetry: Telemetry

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            let clock = ContinuousClock()
            let stopwatch = Stopwatch(clock)
            let recorder = EventRecorder(eventLog: eventLog, telemetry: telemetry)
            var book = TroubleBook()
            var waiting: [Trouble] = []
            while true {
                try await clock.sleep(for: Self.pause)
                let now = WallClock.system.now
                for trouble in book.look(facts, at: stopwatch.elapsed, now: now) {
                    let event = Event(trouble, node: node, az: az, at: now)
                    if trouble.isOfDigests {
                        // Bounded: a newer one replaces one that could not be stored.
                        waiting.removeAll { $0.name == trouble.name }
                        waiting.append(trouble)
                    } else if !(await Self.holds(event, in: eventLog)) {
                        await recorder.record(event, within: .seconds(5))
                    }
                    telemetry.emit(TroubleFound(trouble: trouble))
                }
                // The state file may be on the same full disk: tried until it is stored.
                guard let delivery = notifier?.delivery else { continue }
                while let first = waiting.first {
                    do {
                        try await delivery.notify(
                            kind: first.name, subject: "Bellwether on \(node): \(first.name)",
                            words: "\(node): \(first.words)", at: now)
                        waiting.removeFirst()
                    } catch { break }
                }
            }
        }
    }

    /// Whether the log has the event: an earlier process of this node reported the trouble. A log
    /// that cannot be read has none: a report is repeated rather than lost.
    static func holds(_ event: Event, in eventLog: EventLog) async -> Bool {
        guard !event.id.isEmpty else { return false }
        var reader = eventLog.reader(
            from: .start,
            query: EventLogQuery(
                since: event.ts - TroubleBook.memory, where: .equal("id", event.id)))
        while let batch = try? await reader.next(maxLines: 1, maxBytes: 1 << 20) {
            if !batch.lines.isEmpty { return true }
            if batch.isCaughtUp { break }
        }
        return false
    }

    private var facts: TroubleBook.Facts {
        var facts = TroubleBook.Facts()
        (facts.certificateBegin, facts.certificate) = (
            server.certificateBegin, server.certificateExpiry
        )
        for token in tokens.expiring {
            // One that is to be revoked has been replaced by a person.
            guard let end = token.expires, token.revoked == nil else { continue }
            facts.tokens.append(
                TroubleBook.Facts.Token(name: token.name, begin: token.created, end: end))
        }
        facts.refuses = eventLog.status.shedding
        if let status = notifier?.digestService.status {
            facts.position = status.position
            facts.lag = eventLog.bytes(after: status.position)
            facts.digestFault = status.fault
        }
        if let status = gateway?.forwarder?.status {
            facts.forwardFailures = status.failuresInARow
            facts.forwardFault = status.fault
        }
        if let fault = bucket?.archives.status.fault {
            facts.bucketFault = "\(fault)"
            facts.bucketRefuses = fault.kind != .busy && fault.kind != .unreachable
        } else if let status = bucket?.log.status, status.failures > 0 {
            (facts.bucketFault, facts.bucketRefuses) = (status.fault, status.isRefusal)
        }
        return facts
    }
}

/// A trouble of the node is reported.
struct TroubleFound: TelemetryEvent {
    let trouble: Trouble
    var level: Logger.Level { .error }
    var message: String { trouble.words }
    var fields: [(String, String)] { [("event", trouble.name)] }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_troubles_total", help: "Troubles of the node that were reported.",
            labels: [("event", trouble.name)])
    }
}
