import HTTPTypes
import NIOCore
import NIOHTTP2
import NIOHTTPTypes
import NIOHTTPTypesHTTP2

/// Bounds one exchange after another on an HTTP/1.1 connection, or the one on
/// an HTTP/2 stream, between the codec and the server.
///
/// - A body that is not complete by the deadline, however it drips, fails the
///   reading of it; an answer that the client leaves unread as long closes.
/// - An answer that says `Connection: close` closes, and so does the answer to a
///   request that says so, once every answer before it is written (RFC 9112 §9.6).
///   What the client still sends is read and dropped for a moment first: closing on
///   unread bytes resets the connection and can cost the client the answer. On
///   HTTP/2 the stream is reset with NO_ERROR instead (RFC 9113 §8.1).
/// - An error without a body, which only the HTTP parser's own answer is, gets
///   one.
///
/// Lives on the connection's event loop.
final class ExchangeGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let isHTTP2: Bool
    private let watch: ConnectionWatch
    /// In front of the HTTP/1.1 parser.
    private let feed: RequestFeed?
    private let requestDeadline: TimeAmount
    private let lingerTimeout: TimeAmount
    private let onUnreadable: @Sendable () -> Void
    private let budget: MemoryBudget
    /// Counted in the budget for exchanges whose answer is not written yet.
    private var held = 0
    /// Bytes of the answer under way.
    private var answered = 0

    /// Requests whose answer has not ended.
    private var unanswered = 0
    /// Between a request's head and its end.
    private var isReceiving = false
    private var bodyDeadline: Scheduled<Void>?
    private var unreadDeadline: Scheduled<Void>?
    /// The answer under way is the last one.
    private var closesAfter = false
    /// The newest request is the last one: nothing behind it is taken for a request.
    private var isLastRequest = false
    /// The last answer is out: nothing more is let in.
    private var isDone = false

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
            // Far beyond the budget not even a refusal can be held.
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
        // Most requests are whole in one read and need no timer.
        if isReceiving, bodyDeadline == nil, !isDone {
            bodyDeadline = context.eventLoop.assumeIsolated().scheduleTask(in: requestDeadline) {
                context.fireErrorCaught(RequestBodyLate())
            }
        }
        context.fireChannelReadComplete()
        // The server reads no more; what lingers must still be taken in.
        if isDone { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        unreadDeadline?.cancel()
        unreadDeadline = nil
        watchUnread(context)
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // On a stream the server's handler would close with the answer still in
        // its buffers; the connection's own handler drains every stream.
        if isHTTP2, event is ChannelShouldQuiesceEvent { return }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: - Out

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

    /// A stream whose window the client never opens becomes neither writable nor unwritable.
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

    /// Counts the answer that ends here until the client has it, or the connection is gone.
    ///
    /// - Parameter isCounted: Whether it answers a request: the parser's own does not.
    private func holdAnswer(
        _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?, isCounted: Bool
    ) -> EventLoopPromise<Void> {
        // Of a longer one the rest was counted by who wrote it.
        let short = min(answered, Admission.shortAnswer)
        answered = 0
        let bytes = Admission.exchange + (hold(short) ? short : 0)
        let written = promise ?? context.eventLoop.makePromise()
        written.futureResult.assumeIsolated().whenComplete { _ in
            self.giveBack(bytes)
            if isCounted { self.watch.requestEnded() }
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

    /// What cannot be read as HTTP is refused like everything else.
    private func writeUnreadable(context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        let body = Self.unreadable.document
        var fields: HTTPFields = [.contentType: Problem.mediaType, .connection: "close"]
        fields[.contentLength] = String(body.count)
        closesAfter = true
        // The rest of what cannot be read is not waited for.
        isReceiving = false
        context.write(
            wrapOutboundOut(.head(HTTPResponse(status: .badRequest, headerFields: fields))),
            promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: promise)
    }

    static let unreadable = Problem.malformed("http_malformed", "the request is not valid HTTP")
}
