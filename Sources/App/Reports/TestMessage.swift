public import Delivery
import Events
import Notifier
public import Settings
import Telemetry
import Transfer

/// Sends a marked test message to one receiver, without the outbox.
public enum TestMessage {
    /// Sends the message once.
    ///
    /// - Returns: The delivery attempt; nil if there is no receiver of that name.
    /// - Throws: `ReceiverFault` for an address that cannot be used; `DataFolder.Fault` if the
    ///   receiver writes into the data folder and there is none.
    public static func send(
        to name: String, _ settings: Settings
    ) async throws -> DeliveryAttempt? {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        var folder = DataFolder(settings.dataDirectory)
        if settings.receivers.contains(where: { $0.name == name && $0.kind == .file(directory: "") }
        ) {
            folder = try DataFolder.existing(settings)
        }
        let plan = try DigestDispatcher.Plan(
            settings, outgoing: folder.outgoing, transfer: engine)
        return await plan.receivers[name]?.sendTest(at: WallClock.system.now)
    }
}
