public import Events
import Core
import Synchronization
import Transfer

extension RemoteNode {
    /// A message from a log that is followed.
    public enum Followed: Sendable {
        /// A stored line without its newline, and the position after it.
        case line([UInt8], LogPosition)
        /// The number of lines that were removed before they could be sent.
        case skipped(Int)
        /// The log was recreated; its lines follow from its start.
        case anew
        /// Why the connection ended; it is retried.
        case lost(String)
    }

    /// Follows `GET /v1/events?follow=true` from `position` on until cancelled.
    ///
    /// Reconnects after a fault; each connection continues after the last line of the previous
    /// one. `parameters` are those of the endpoint. `report` is called in order, one call at a
    /// time, on a thread that may block; while it blocks, nothing is read and the node may end
    /// the connection. Throws if the node refuses the request.
    public func follow(
        _ parameters: [(name: String, value: String)], from position: LogPosition,
        _ report: @escaping @Sendable (Followed) -> Void
    ) async throws(Fault) {
        let place = Mutex(position)
        var failures = 0
        while !Task.isCancelled {
            let before = place.withLock { $0 }
            let words: String
            do throws(StreamEnd) {
                words = try await stream(parameters, from: before) { item in
                    if case .line(_, let end) = item { place.withLock { $0 = end } }
                    if case .anew = item { place.withLock { $0 = .start } }
                    report(item)
                } at: { end in
                    place.withLock { $0 = end }
                }
            } catch {
                guard error.mayPass else { throw Fault(error.words) }
                words = error.words
            }
            if Task.isCancelled { return }
            failures = place.withLock { $0 } == before ? failures +| 1 : 1
            if failures == 1 || failures.isMultiple(of: 10) { report(.lost(words)) }
            try? await Task.sleep(
                for: .milliseconds(100) + Self.retry.delay(after: failures))
        }
    }

    private static let retry = RetryPolicy(
        initial: .milliseconds(200), factor: 2, ceiling: .seconds(10))

    /// Why a connection ended.
    struct StreamEnd: Error {
        let words: String
        /// Whether another connection may succeed.
        let mayPass: Bool
    }

    /// Follows over one connection; returns why it ended.
    ///
    /// `at` receives the position after each piece of the stream, also without a line.
    private func stream(
        _ parameters: [(name: String, value: String)], from position: LogPosition,
        _ report: @escaping @Sendable (Followed) -> Void,
        at: @escaping @Sendable (LogPosition) -> Void
    ) async throws(StreamEnd) -> String {
        let events = Mutex(ServerSentEvents())
        let items = parameters + [("follow", "true"), ("after", "\(position)")]
        let reply: HTTPReply
        do throws(TransferError) {
            reply = try await streaming("/v1/events?" + Self.query(items)) { bytes in
                events.withLock { events in
                    let isSound = events.feed(bytes) { message in
                        if let item = Followed(message) { report(item) }
                        return true
                    }
                    if let end = LogPosition(events.lastID) { at(end) }
                    return isSound
                }
            }
        } catch {
            switch error.kind {
            case .invalid, .tls: throw StreamEnd(words: "\(error)", mayPass: false)
            default: throw StreamEnd(words: "\(error)", mayPass: true)
            }
        }
        guard reply.status == 200 else {
            let isBusy = reply.status == 429 || reply.status >= 500
            throw StreamEnd(words: words(of: reply), mayPass: isBusy)
        }
        return "the node ended the connection"
    }
}

extension RemoteNode.Followed {
    /// The count in `text`; `Count.max` if it is larger or cannot be read.
    private static func count(_ text: [UInt8]) -> Int {
        Int64(String(decoding: text, as: UTF8.self)).map { Count(clamping: $0).value }
            ?? Count.max.value
    }

    fileprivate init?(_ message: ServerSentEvents.Message) {
        switch message.event {
        case "message":
            guard let end = LogPosition(message.id) else { return nil }
            self = .line(message.data, end)
        case "gap": self = .skipped(Self.count(message.data))
        case "anew": self = .anew
        default: return nil
        }
    }
}
