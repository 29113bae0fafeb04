import EventLog
import Events
import Rendering
import Settings
import TestSupport
import Testing

@testable import App

@Suite("A preview of the digests")
struct DigestPreviewTests {
    @Test("ends with the digest that reaches the limit in bytes, and says that there are more")
    func bounded() async throws {
        let folder = try TemporaryDirectory("preview")
        let settings = try Settings.parse(text: "node: gw-a1\ndata_dir: \(folder.file("data"))\n")
        let now = WallClock.system.now
        let eventLog = try await EventLog.open(
            EventLogConfiguration(
                directory: folder.file("data"), node: "gw-a1", minFree: 0, ballastBytes: 0))
        for rollout in ["shop", "cart"] {
            try await eventLog.append(
                Event(
                    ts: now - .seconds(60), level: .error, event: EventName.unhealthy,
                    namespace: "prod", rollout: rollout, revision: "1", status: .unhealthy,
                    message: "too many errors"))
        }
        await eventLog.close()
        func compose(_ maxBytes: Int) async throws -> DigestPreview.Composed {
            try await DigestPreview.compose(
                settings, folder: DataFolder(folder.file("data")), since: now - .seconds(3600),
                now: now, maxBytes: maxBytes)
        }
        let all = try await compose(.max)
        #expect(all.digests.count == 2 && !all.hasMore)
        let first = try await compose(1)
        #expect(first.digests == [all.digests[0]] && first.hasMore)
    }
}
