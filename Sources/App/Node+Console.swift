import Console
import Delivery
import Events
import Gateway
import EventLog
import Notifier
import Probes
import Secrets
import Settings

extension Node {
    /// The data that the status page shows about the roles of this node.
    static func console(
        _ settings: Settings, _ eventLog: EventLog, _ gateway: GatewayParts?,
        _ notifier: NotifierParts?
    ) -> ConsoleRoutes.Sources {
        var forward: (@Sendable () -> ForwardStatusView)?
        if let forwarder = gateway?.forwarder {
            forward = {
                let status = forwarder.status
                return ForwardStatusView(
                    to: status.notifier.isEmpty
                        ? settings.forward.to.map(ShownText.url).joined(separator: ", ")
                        : status.notifier,
                    behind: eventLog.bytes(after: status.acknowledged),
                    unsafe: eventLog.bytes(after: status.safe),
                    failuresInARow: status.failuresInARow, fault: status.fault)
            }
        }
        return ConsoleRoutes.Sources(
            node: NodeFacts(
                name: settings.node, az: settings.az, roles: settings.roles.map(\.rawValue),
                version: Version.text, binary: BinaryHash.current),
            isNotifier: notifier != nil,
            probes: { gateway?.service.lastObservations.map(ProbeStatusView.init) ?? [] },
            forward: forward, gateways: { notifier?.gateways.gateways ?? [] },
            actions: notifier?.actions,
            digestFault: { notifier?.digestService.status.fault ?? "" },
            incidents: { notifier?.digestService.openIncidents ?? [] },
            receivers: { notifier?.delivery.states ?? [] },
            wake: { notifier?.delivery.wake() })
    }
}

extension ProbeStatusView {
    init(_ look: ProbeObservation) {
        let isAnswered = look.result.outcome == .answered
        var outcome = "answered"
        if case .absent(let reason) = look.result.outcome { outcome = reason.rawValue }
        self.init(
            name: look.result.probe, at: look.at, duration: look.result.duration,
            outcome: outcome, isAnswered: isAnswered)
    }
}
