import Digests
public import Events
import Journal
public import Rendering
public import Settings

/// What the digests of a stretch of the log would say, without telling anyone.
public enum DigestPreview {
    /// Reads the log of the data folder, which a running node may hold, and
    /// composes one digest for each group that is failing at the end of it.
    public static func compose(
        _ settings: Settings, since: Timestamp, now: Timestamp
    ) async throws -> [RenderedDigest] {
        // What is new is shown at once, not after the pause in which more may come.
        var times = DigestSettings(settings)
        times.firstAfter = .zero
        var machine = DigestMachine(settings: times)
        let files = JournalFiles(directory: settings.dataDirectory)
        var view = EventLine()
        var reader = files.reader(query: JournalQuery(since: since))
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
