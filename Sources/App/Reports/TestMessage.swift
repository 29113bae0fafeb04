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
    /// - Throws: `ReceiverFault` for an address that cannot be used.
    public static func send(
        to name: String, _ settings: Settings
    ) async throws -> DeliveryAttempt? {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let plan = try DigestDispatcher.Plan(
            settings, outgoing: DataFolder(settings.dataDirectory).outgoing, transfer: engine)
        let digests = SampleDigests.tests(at: WallClock.system.now).map(plan.renderer.render)
        return await plan.receivers[name]?.sendTests(digests)
    }
}
