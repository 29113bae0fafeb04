import Delivery
import Events
import Gateway
import JSONScan
import Notifier
import Rendering
import Settings
import Synchronization
import Telemetry

extension Node {
    /// Reports templates that are not used: to the service's log, and as events,
    /// which a digest tells.
    func tell(faults: [TemplateFault]) async {
        let recorder = EventRecorder(journal: journal, telemetry: telemetry)
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
    /// Hands other receivers to delivery; the same ones go on undisturbed.
    func takeUp(receivers new: [Settings.Receiver], of plan: DigestDispatcher.Plan) async {
        guard receivers.change(to: new) else { return }
        delivery.replace(
            receivers: plan.receivers.values.sorted { $0.name < $1.name },
            retryCeilings: new.retryCeilings)
    }
}

/// Which receivers delivery works with.
final class ReceiversInForce: Sendable {
    private let settings: Mutex<[Settings.Receiver]>

    init(_ settings: [Settings.Receiver]) { self.settings = Mutex(settings) }

    /// False when they are the same.
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
    /// By receiver's name.
    var retryCeilings: [String: Duration] {
        Dictionary(map { ($0.name, $0.retryCeiling) }) { first, _ in first }
    }
}
