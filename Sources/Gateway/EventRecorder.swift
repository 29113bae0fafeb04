public import Events
public import EventLog
public import Server
public import Telemetry

/// Appends this node's own events and bounds how long an answer waits for the log.
public struct EventRecorder: Sendable {
    private let eventLog: EventLog
    private let clock: any Clock<Duration>
    private let telemetry: Telemetry

    public init(
        eventLog: EventLog, clock: any Clock<Duration> = ContinuousClock(), telemetry: Telemetry
    ) {
        self.eventLog = eventLog
        self.clock = clock
        self.telemetry = telemetry
        EventLost.count(0, in: telemetry.registry)
        EventLate.count(0, in: telemetry.registry)
    }

    /// Appends an event; returns when it is durable, has failed, or `limit` has passed.
    ///
    /// A failed event is counted as lost. After `limit` the append continues.
    public func record(_ event: Event, within limit: Duration) async {
        // A node that follows another one has no events of its own.
        guard !eventLog.isCopy else { return }
        let (first, tell) = AsyncStream.makeStream(of: Bool.self)
        let telemetry = telemetry
        let eventLog = eventLog
        Task {
            do {
                _ = try await eventLog.append(event)
            } catch {
                telemetry.emit(EventLost(event: event.event, fault: "\(error)"))
            }
            tell.yield(true)
        }
        let clock = clock
        let alarm = Task {
            try await clock.sleep(for: limit)
            tell.yield(false)
        }
        for await isDone in first {
            if !isDone { telemetry.emit(EventLate(event: event.event, waited: limit)) }
            break
        }
        alarm.cancel()
    }

    /// Records the event of a refused request; waits at most 500 ms.
    public func record(refusal: RefusalRecord, node: String, az: String) async {
        await record(Event(refusal: refusal, node: node, az: az), within: .milliseconds(500))
    }

    /// Records the event of failed TLS handshakes; waits at most 500 ms.
    public func record(handshake: HandshakeRecord, node: String, az: String) async {
        await record(Event(handshake: handshake, node: node, az: az), within: .milliseconds(500))
    }
}
