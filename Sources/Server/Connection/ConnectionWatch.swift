import NIOCore

/// Ends a connection on which no request arrives, at its start or after the last one.
///
/// Counts requests, not bytes, so a client cannot keep a connection open with a slow handshake, a
/// slow header or pings. At a shutdown, a connection without a request ends after a short grace
/// period: an HTTP/2 connection otherwise waits for the client to acknowledge the GOAWAY, which a
/// client that does not read never does. Runs on the connection's event loop.
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
    /// When the current wait began, and its maximum duration.
    private var since = NIODeadline.now()
    private var patience: TimeAmount
    private var isOpening = true
    private var isDraining = false
    private var timer: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    /// - Parameter entry: The connection's census entry, if it is counted.
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

    /// Extends the idle timeout of HTTP/2, so that GOAWAY is sent before the connection is closed.
    func grantFarewell() { idleTimeout = idleTimeout + .seconds(5) }

    func requestBegan() {
        active += 1
        if active == 1, let entry { census.becameBusy(entry) }
        guard isOpening else { return }
        isOpening = false
        wait(idleTimeout)
    }

    /// The request's answer is completely written to the system, or never will be.
    func requestEnded() {
        active -= 1
        since = .now()
        if active == 0, let entry { census.becameIdle(entry) }
    }

    /// What the connection's `FrameBudget` starts with.
    var frameBudget: Int { entry.map(census.frameBudget) ?? FrameBudget.most }

    /// Counts that the connection ends because of a flood of frames.
    func cutForFrames() { census.cutForFrames(entry) }

    /// Ends the connection at once, without a TLS close notification, because its descriptor is
    /// needed.
    func endNow() { context?.close(promise: nil) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        guard event is ChannelShouldQuiesceEvent else { return }
        // No other handler reacts to a shutdown during the handshake.
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
