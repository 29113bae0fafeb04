import Digests
public import Events
import EventLog
public import Rendering
public import Settings

/// Composes digests from the log without sending them.
public enum DigestPreview {
    /// Reads the log of the data folder from `since` on, also while a node runs, and composes
    /// the digests that are due at its end.
    public static func compose(
        _ settings: Settings, since: Timestamp, now: Timestamp
    ) async throws -> [RenderedDigest] {
        // A preview does not wait `first_after` for more events of a new failure.
        var times = DigestSettings(settings)
        times.firstAfter = .zero
        var machine = DigestMachine(settings: times)
        let files = EventLogFiles(directory: settings.dataDirectory)
        var view = EventView()
        var reader = files.reader(query: EventLogQuery(since: since))
        while true {
            let batch = try await reader.next(maxLines: 5000, maxBytes: 4 << 20)
            for line in batch.lines {
                line.bytes.withUnsafeBytes { bytes in
                    guard view.read(bytes) else { return }
                    machine.observe(view, at: line.end, now: view.ts)
                }
            }
            if batch.isCaughtUp { break }
        }
        let renderer = Renderer(settings.digest)
        return machine.due(now: now, caughtUp: true).map(renderer.render)
    }
}
