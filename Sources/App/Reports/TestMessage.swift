public import Delivery
import Events
import Notifier
import Rendering
public import Settings
import Telemetry
import Transfer

/// Sends a sample digest of each kind, marked as a test, to one receiver, without the outbox.
public enum TestMessage {
    /// Sends each message once.
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
        let digests = SampleDigests.tests(at: WallClock.system.now).map(plan.renderer.render)
        return await plan.receivers[name]?.sendTests(digests)
    }
}
