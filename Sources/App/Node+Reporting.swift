import Delivery
import Events
import Gateway
import JSON
import Notifier
import Rendering
import Settings
import Synchronization
import Telemetry

extension Node {
    /// Logs templates that have a fault, and records each as an event, for a digest.
    func report(faults: [TemplateFault]) async {
        let recorder = EventRecorder(eventLog: eventLog, telemetry: telemetry)
        for fault in faults {
            telemetry.emit(TemplateUnused(fault: fault))
            await recorder.record(
                Event(
                    ts: WallClock.system.now, level: .warn, event: EventName.templateFault,
                    node: settings.node, az: settings.az, message: "\(fault)",
                    extra: [JSONValue.Member("template", .string(fault.file))]),
                within: .seconds(5))
        }
    }
}

extension Node.NotifierParts {
    /// Replaces the receivers of the delivery service, if they changed.
    func apply(receivers new: [Settings.Receiver], of plan: DigestDispatcher.Plan) async {
        guard receivers.change(to: new) else { return }
        delivery.replace(
            receivers: plan.receivers.values.sorted { $0.name < $1.name },
            retryCeilings: new.retryCeilings)
    }
}

/// The receivers that the delivery service uses.
final class ReceiversInForce: Sendable {
    private let settings: Mutex<[Settings.Receiver]>

    init(_ settings: [Settings.Receiver]) { self.settings = Mutex(settings) }

    /// Stores the receivers; returns false if they are the same as before.
    func change(to new: [Settings.Receiver]) -> Bool {
        settings.withLock { old in
            defer { old = new }
            return old != new
        }
    }
}

extension Settings {
    var retryCeilings: [String: Duration] { receivers.retryCeilings }
}

extension [Settings.Receiver] {
    /// The retry ceilings by receiver name.
    var retryCeilings: [String: Duration] {
        Dictionary(map { ($0.name, $0.retryCeiling) }) { first, _ in first }
    }
}
