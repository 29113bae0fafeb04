import HTTPTypes
import NIOCore
import NIOHTTP2
import NIOHTTPTypes
import NIOHTTPTypesHTTP2

/// Limits the time and memory of the requests on an HTTP/1.1 connection or HTTP/2 stream.
///
/// Placed between the codec and the server.
///
/// - If a body is not complete by the deadline, reading it fails. If the client leaves an answer
///   unread for as long, the connection (on HTTP/2 the stream) is closed.
/// - An answer with `Connection: close` closes the connection. So does the answer to a request with
///   `Connection: close`, once every answer before it is written (RFC 9112 §9.6). Further input is
///   first read and discarded for `lingerTimeout`: closing with unread bytes resets the connection,
///   and the client may lose the answer. On HTTP/2 the stream is reset with NO_ERROR instead (RFC
///   9113 §8.1).
/// - An error without a body, which only the HTTP parser itself sends, gets one.
///
/// Runs on its channel's event loop.
final class ExchangeGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let isHTTP2: Bool
    private let watch: ConnectionWatch
    /// The feed before the HTTP/1.1 parser.
    private let feed: RequestFeed?
    private let requestDeadline: TimeAmount
    private let lingerTimeout: TimeAmount
    private let onUnreadable: @Sendable () -> Void
    private let budget: MemoryBudget
    /// Bytes counted in the budget for exchanges whose answer is not written yet.
    private var held = 0
    /// Bytes of the answer being written.
    private var answered = 0

    /// The number of requests whose answer has not ended.
    private var unanswered = 0
    /// True between a request's head and its end.
    private var isReceiving = false
    private var bodyDeadline: Scheduled<Void>?
    private var unreadDeadline: Scheduled<Void>?
    /// Whether the connection closes after the current answer.
    private var closesAfter = false
    /// Whether the newest request is the last one; later input is not read as a request.
    private var isLastRequest = false
    /// Whether the last answer has ended; further input is discarded.
    private var isDone = false
    /// Answers that are written and not yet handed to the system.
    private var unsent = 0
    private var closesOnceSent = false

    init(
        isHTTP2: Bool, watch: ConnectionWatch, feed: RequestFeed? = nil, limits: ServerLimits,
        budget: MemoryBudget,
        onUnreadable: @escaping @Sendable () -> Void
    ) {
        self.isHTTP2 = isHTTP2
        self.watch = watch
        self.feed = feed
        self.onUnreadable = onUnreadable
        self.budget = budget
        requestDeadline = TimeAmount(limits.requestDeadline)
        lingerTimeout = TimeAmount(limits.lingerTimeout)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        guard isHTTP2 else { return }
        do {
            try context.pipeline.syncOperations.addHandler(AnswerEnd(), position: .first)
        } catch {
            context.fireErrorCaught(error)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        bodyDeadline?.cancel()
        unreadDeadline?.cancel()
        for _ in 0..<unanswered { watch.requestEnded() }
        unanswered = 0
        giveBack(held)
    }

    // MARK: - In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            if isDone || isLastRequest { return }
            // This far beyond the budget there is no memory even for a refusal.
            guard hold(Admission.exchange) else {
                isDone = true
                watch.census.cut(.memory)
                return context.close(promise: nil)
            }
            isReceiving = true
            unanswered += 1
            watch.requestBegan()
            isLastRequest = !isHTTP2 && head.headerFields[.connection] == "close"
        case .body: if !isReceiving { return }
        case .end:
            guard isReceiving else { return }
            isReceiving = false
            bodyDeadline?.cancel()
            bodyDeadline = nil
            if isDone { return close(context) }
        }
        if !isDone { context.fireChannelRead(data) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Most requests are complete in one read and need no timer.
        if isReceiving, bodyDeadline == nil, !isDone {
            bodyDeadline = context.eventLoop.assumeIsolated().scheduleTask(in: requestDeadline) {
                context.fireErrorCaught(RequestBodyLate())
            }
        }
        context.fireChannelReadComplete()
        // The server reads no more, but the discarded input must still be read.
        if isDone { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        unreadDeadline?.cancel()
        unreadDeadline = nil
        watchUnread(context)
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // On a stream, the server's handler would close while the answer is still in its buffers.
        // The connection's own handler drains every stream.
        if isHTTP2, event is ChannelShouldQuiesceEvent { return }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: - Out

    /// At a shutdown the server closes as soon as its last answer is written, and TLS gives the
    /// client five seconds to read it: waits for the system to take the answer instead.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard !isHTTP2, mode == .all, promise == nil, unsent > 0 else {
            return context.close(mode: mode, promise: promise)
        }
        closesOnceSent = true
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isDone else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head):
            guard head.status.kind != .informational else { break }
            if head.status.code >= 400, head.headerFields[.contentLength] == "0" {
                onUnreadable()
                return writeUnreadable(context: context, promise: promise)
            }
            if !isHTTP2, head.headerFields[.connection] == "close" { closesAfter = true }
        case .body(let part):
            answered += part.readableBytes
            watchUnread(context)
        case .end: return writeEnd(context: context, data: data, promise: promise)
        }
        context.write(data, promise: promise)
    }

    /// Called for each write too: a stream whose window the client never opens has no change of
    /// writability.
    private func watchUnread(_ context: ChannelHandlerContext) {
        guard unreadDeadline == nil, !context.channel.isWritable else { return }
        unreadDeadline = context.eventLoop.assumeIsolated().scheduleTask(in: requestDeadline) {
            self.watch.census.cut(.unread)
            context.close(promise: nil)
        }
    }

    // MARK: - Memory

    private func hold(_ bytes: Int) -> Bool {
        guard budget.hold(bytes, for: .exchanges) else { return false }
        held += bytes
        return true
    }

    private func giveBack(_ bytes: Int) {
        let bytes = min(bytes, held)
        held -= bytes
        budget.release(bytes, for: .exchanges)
    }

    /// Counts the ending answer until it is written to the system, or the connection is closed.
    ///
    /// - Parameter isCounted: Whether it answers a request. The parser's own answer does not.
    private func holdAnswer(
        _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?, isCounted: Bool
    ) -> EventLoopPromise<Void> {
        // The writer of a longer answer reserved memory for it.
        let short = min(answered, Admission.shortAnswer)
        answered = 0
        let bytes = Admission.exchange + (hold(short) ? short : 0)
        let written = promise ?? context.eventLoop.makePromise()
        unsent += 1
        written.futureResult.assumeIsolated().whenComplete { _ in
            self.giveBack(bytes)
            if isCounted { self.watch.requestEnded() }
            self.unsent -= 1
            if self.unsent == 0, self.closesOnceSent { context.close(promise: nil) }
        }
        return written
    }

    private func writeEnd(
        context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
    ) {
        let isCounted = unanswered > 0
        if isCounted {
            unanswered -= 1
            feed?.answered()
        }
        let promise = holdAnswer(context, promise, isCounted: isCounted)
        let isLast = isHTTP2 ? isReceiving : closesAfter || (isLastRequest && unanswered == 0)
        guard isLast else { return context.write(data, promise: promise) }
        isDone = true
        bodyDeadline?.cancel()
        promise.futureResult.assumeIsolated().whenComplete { _ in self.finish(context) }
        context.writeAndFlush(data, promise: promise)
    }

    private func finish(_ context: ChannelHandlerContext) {
        if isHTTP2 {
            context.triggerUserOutboundEvent(
                NIOHTTP2FramePayloadToHTTPEvent.reset(code: .noError), promise: nil)
        } else if isReceiving {
            unreadDeadline?.cancel()
            unreadDeadline = context.eventLoop.assumeIsolated().scheduleTask(in: lingerTimeout) {
                self.close(context)
            }
            context.read()
        } else {
            close(context)
        }
    }

    private func close(_ context: ChannelHandlerContext) {
        unreadDeadline?.cancel()
        unreadDeadline = nil
        context.close(promise: nil)
    }

    /// Replaces the parser's error by a problem document.
    private func writeUnreadable(context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        let body = Self.unreadable.document
        var fields: HTTPFields = [.contentType: Problem.mediaType, .connection: "close"]
        fields[.contentLength] = String(body.count)
        closesAfter = true
        // The rest of the unreadable input is not awaited.
        isReceiving = false
        context.write(
            wrapOutboundOut(.head(HTTPResponse(status: .badRequest, headerFields: fields))),
            promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: promise)
    }

    static let unreadable = Problem.malformed("http_malformed", "the request is not valid HTTP")
}
