import Delivery
import Digests
import EventLog
public import Events
import HTTPTypes
import HummingbirdCore
import JSON
import Notifier
public import Rendering
import Secrets
import Server
public import Settings

/// Composes digests from the log without sending them.
public enum DigestPreview {
    /// The digests that would be sent.
    public struct Composed: Sendable {
        public var digests: [RenderedDigest] = []
        /// Whether there are more than fit.
        public var hasMore = false
    }

    /// Bytes of one answer, which ends with the digest that reaches them.
    private static let pageBytes = 2 << 20

    /// Reads the log of the data folder from `since` on, also while a node runs, and composes
    /// the digests that are due at its end. Lines that ended the process in the digests' reader are
    /// left out.
    ///
    /// - Parameter maxBytes: Ends with the digest that reaches as many bytes.
    public static func compose(
        _ settings: Settings, folder: DataFolder, since: Timestamp, now: Timestamp,
        maxBytes: Int = .max
    ) async throws -> Composed {
        // A preview does not wait `first_after` for more events of a new failure.
        var times = DigestSettings(settings)
        times.firstAfter = .zero
        var machine = DigestMachine(settings: times)
        let files = EventLogFiles(directory: folder.path)
        let isSkipped = files.skips(of: .digest)
        var view = EventView()
        var reader = files.reader(query: EventLogQuery(since: since))
        while true {
            let batch = try await reader.next(maxLines: 5000, maxBytes: 4 << 20)
            for line in batch.lines where !isSkipped(line) {
                line.bytes.withUnsafeBytes { bytes in
                    guard view.read(bytes) else { return }
                    machine.observe(view, at: line.end, now: view.ts)
                }
            }
            if batch.isCaughtUp { break }
        }
        let renderer = Renderer(settings)
        var composed = Composed()
        var bytes = 0
        for digest in machine.due(now: now, caughtUp: true) {
            guard bytes < maxBytes else {
                composed.hasMore = true
                break
            }
            let rendered = renderer.render(digest)
            bytes +|= rendered.text.utf8.count +| rendered.html.utf8.count
            bytes +|= rendered.slack.utf8.count +| rendered.model.utf8.count
            composed.digests.append(rendered)
        }
        return composed
    }

    /// `GET /v1/digests/preview?since=`: what would be sent now (scope `read`).
    static func route(_ inForce: SettingsInForce, wall: WallClock = .system) -> Route {
        Route(.get, "/v1/digests/preview", access: .requires(.read)) { exchange in
            let now = wall.now
            var since = now - .seconds(86_400)
            for item in try exchange.queryItems() {
                guard item.name == "since",
                    let moment = Timestamp(relativeOrRFC3339: item.value, now: now)
                else {
                    throw Problem.malformed(
                        "query_unknown", "the query takes since: 10m, 2h, 7d or RFC 3339",
                        field: item.name)
                }
                since = moment
            }
            let place = try exchange.beginQuery(memory: QueryPlace.logMemory)
            defer { place.end() }
            let settings = inForce.current
            let composed = try await compose(
                settings, folder: DataFolder(settings.dataDirectory), since: since, now: now,
                maxBytes: pageBytes)
            return .bytes(
                DigestDocument.list(composed.digests, hasMore: composed.hasMore),
                headers: [.cacheControl: "no-store"])
        }
    }
}

/// The message that the recipe `teams` sends.
public enum TeamsPreview {
    /// The card of a digest as JSON; the reason if the recipe cannot be used.
    public static func card(of digest: RenderedDigest) -> String {
        guard let request = Settings.Receiver.WebhookRequest.recipe("teams") else {
            return "there is no recipe teams"
        }
        let url = "https://teams.example/"
        do throws(WebhookFaults) {
            let made = try WebhookReceiver.Exchange(request, url: .visible(url)).template
                .request(for: digest, url: url, receiver: "teams")
            return String(decoding: made.body, as: UTF8.self)
        } catch {
            return "\(error)"
        }
    }
}
