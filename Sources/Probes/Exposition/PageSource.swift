import Core
import Events
import Synchronization
import Transfer

/// Requests the metrics page at one address and checks that it is complete. Thread-safe.
///
/// A page without its last line feed may end inside a number. If only a Content-Length marks its
/// end, that length may be too short: of a server that counts characters instead of bytes, or that
/// renders the page a second time to send it. HTTP hides the rest. Such a page is therefore
/// read until the server closes the connection, as are those after it, and must have the length
/// that is named.
final class PageSource: Sendable {
    private let upstream: Upstream
    /// Reads beyond the Content-Length.
    private let toClose: Upstream
    private let stopwatch: Stopwatch
    private let lacksLineFeed = Mutex(false)

    init(
        _ name: String, _ source: HTTPSource, _ engine: TransferEngine, _ policy: UpstreamPolicy,
        _ clock: any Clock<Duration>
    ) {
        upstream = Upstream(name, source, engine, policy, clock)
        var source = source
        source.readsToClose = true
        toClose = Upstream(name, source, engine, policy, clock)
        stopwatch = Stopwatch(clock)
    }

    /// Returns the page, which ends with a line feed.
    ///
    /// - Parameter metrics: What is read from the page; its unit must be the configured one.
    func read(
        for metrics: RequestMetrics, within allowance: Duration
    ) async throws(MissingData) -> [UInt8] {
        let end = stopwatch.elapsed + allowance
        if !lacksLineFeed.withLock({ $0 }) {
            let reply = try await upstream.reply(within: allowance)
            let page = try FetchedPage(reply, of: upstream)
            if !page.mayBeCut { return try page.whole(for: metrics) }
            lacksLineFeed.withLock { $0 = true }
        }
        return try await readToClose(for: metrics, within: end - stopwatch.elapsed)
    }

    private func readToClose(
        for metrics: RequestMetrics, within allowance: Duration
    ) async throws(MissingData) -> [UInt8] {
        let reply: HTTPReply
        do throws(MissingData) {
            reply = try await toClose.reply(within: allowance)
        } catch {
            throw MissingData(
                error.reason,
                "\(error.detail) (the page has no last line feed: without it, the page is read until the server closes the connection)"
            )
        }
        let page = try FetchedPage(reply, of: toClose)
        if let length = reply.header("content-length"), !reply.isDelimited {
            throw MissingData(
                .garbage,
                "Content-Length is \(InertText.quoted(length)), but the server sends \(reply.body.count) bytes: a page of that length is cut off"
            )
        }
        lacksLineFeed.withLock { $0 = !page.hasLineFeed }
        return try page.whole(for: metrics)
    }

    /// One answer with an accepted status.
    private struct FetchedPage {
        let content: [UInt8]
        let format: PageFormat
        let isDelimited: Bool
        let hasLineFeed: Bool
        /// Whether the last number may be cut, although the end is marked.
        let mayBeCut: Bool

        init(_ reply: HTTPReply, of upstream: Upstream) throws(MissingData) {
            guard upstream.source.accepts(reply.status) else { throw upstream.refusal(of: reply) }
            format = try PageFormat(of: reply)
            content = try upstream.content(of: reply)
            isDelimited = reply.isDelimited
            // A compressed page has an end of its own, as has OpenMetrics.
            hasLineFeed = content.isEmpty || content.last == UInt8(ascii: "\n")
            mayBeCut =
                reply.isCounted && format == .text && !hasLineFeed && content == reply.body
        }

        func whole(for metrics: RequestMetrics) throws(MissingData) -> [UInt8] {
            let page = try format.whole(content, isDelimited: isDelimited)
            try format.checkUnit(page, of: metrics)
            return page
        }
    }
}
