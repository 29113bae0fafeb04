import NIOCore

/// Ends a connection on which no request comes: never a first one, or none any more.
///
/// Counts requests, not bytes: a client that drips handshake, header or pings
/// does not stay. At a shutdown, a connection without a request ends after a short grace: one of
/// HTTP/2 else waits for the client to acknowledge the farewell, which a client that does not read
/// never does. Lives on the connection's event loop.
final class ConnectionWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any
    typealias InboundOut = Any

    /// From a shutdown, or the last answer after it, to the end of the connection.
    static let drainGrace = TimeAmount.seconds(1)

    let census: ConnectionCensus
    private let entry: ConnectionCensus.Entry?
    private let headerTimeout: TimeAmount
    private var idleTimeout: TimeAmount
    private var active = 0
    /// When the present wait began, and how long it may take.
    private var since = NIODeadline.now()
    private var patience: TimeAmount
    private var isOpening = true
    private var isDraining = false
    private var timer: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    /// - Parameter entry: The connection in the census, when it is one.
    init(limits: ServerLimits, census: ConnectionCensus, entry: ConnectionCensus.Entry? = nil) {
        self.census = census
        self.entry = entry
        headerTimeout = TimeAmount(limits.headerTimeout)
        idleTimeout = TimeAmount(limits.idleTimeout)
        patience = headerTimeout
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        schedule(context, in: headerTimeout)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    /// HTTP/2 is told to go before it is cut off.
    func grantFarewell() { idleTimeout = idleTimeout + .seconds(5) }

    func requestBegan() {
        active += 1
        if active == 1, let entry { census.becameBusy(entry) }
        guard isOpening else { return }
        isOpening = false
        wait(idleTimeout)
    }

    /// A request's answer is handed to the system, to its last byte, or will never be.
    func requestEnded() {
        active -= 1
        since = .now()
        if active == 0, let entry { census.becameIdle(entry) }
    }

    /// Ends the connection at once, without a farewell of TLS: the descriptor is needed.
    func endNow() { context?.close(promise: nil) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        guard event is ChannelShouldQuiesceEvent else { return }
        // Nobody else listens while the handshake is under way.
        if isOpening { return context.close(promise: nil) }
        isDraining = true
        since = .now()
        wait(Self.drainGrace)
    }

    private func wait(_ patience: TimeAmount) {
        self.patience = patience
        timer?.cancel()
        if let context { schedule(context, in: patience) }
    }

    private func schedule(_ context: ChannelHandlerContext, in delay: TimeAmount) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: delay) {
            self.look(context)
        }
    }

    private func look(_ context: ChannelHandlerContext) {
        guard active == 0 else { return schedule(context, in: patience) }
        let waited = NIODeadline.now() - since
        if waited >= patience {
            census.cut(isOpening ? .header : isDraining ? .drained : .idle)
            context.close(promise: nil)
        } else {
            schedule(context, in: patience - waited)
        }
    }
}
