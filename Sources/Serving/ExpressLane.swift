import NIOCore

/// Answers what can be answered at once before the request reaches the HTTP
/// parser: for a measurement that repeats its attempt, the frozen bytes; for a few
/// events, the receipt as soon as the log has them.
///
/// Stands between TLS and the HTTP/1.1 codec and looks at what comes in only
/// while nothing is under way behind it and every byte so far was part of a
/// whole request (`ExpressRequest`). All else goes on untouched; once a read
/// was not exactly one plain request, everything does, for as long as the
/// connection lives. So the two never take turns inside one message. While an answer
/// is awaited, what comes in waits here, so that answers keep the order of requests.
///
/// Lives on the connection's event loop.
final class ExpressLane: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let gate: Gate
    private let connection: ConnectionFacts
    private let watch: ConnectionWatch
    private var isOpen = true
    private var context: ChannelHandlerContext?
    /// The request that was taken and has no answer yet.
    private var awaited: ByteBuffer?
    /// What came in since, in order. Little: no more is read meanwhile.
    private var held: [Held] = []
    private var owesRead = false

    private enum Held {
        case bytes(ByteBuffer)
        case event(Any)
    }

    init(gate: Gate, connection: ConnectionFacts, watch: ConnectionWatch) {
        self.gate = gate
        self.connection = connection
        self.watch = watch
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        if awaited != nil { watch.requestEnded() }
        awaited = nil
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isOpen else { return context.fireChannelRead(data) }
        let buffer = unwrapInboundIn(data)
        if awaited != nil { return held.append(.bytes(buffer)) }
        var isWhole = false
        let outcome = buffer.withUnsafeReadableBytes { bytes -> Gate.ExpressOutcome in
            // What waits behind the lane comes first; a last answer ends the connection.
            guard watch.isQuiet, let request = ExpressRequest(bytes) else { return .left }
            isWhole = true
            // Who leaves answers unread is the full path's to deal with.
            guard context.channel.isWritable else { return .left }
            let loop = context.eventLoop
            let lane = NIOLoopBound(self, eventLoop: loop)
            return gate.answerAtOnce(
                request, in: bytes, connection, context.channel.allocator
            ) { answer in loop.execute { lane.value.settle(answer) } }
        }
        switch outcome {
        case .answered(let answer):
            watch.requestBegan()
            context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
            watch.requestEnded()
        case .taken:
            watch.requestBegan()
            awaited = buffer
        case .left:
            passOn(buffer, isWhole: isWhole, context)
        }
    }

    private func passOn(_ buffer: ByteBuffer, isWhole: Bool, _ context: ChannelHandlerContext) {
        context.fireChannelRead(wrapInboundOut(buffer))
        // A whole request that the parser did not take for one: not our place any more.
        isOpen = isWhole && !watch.isQuiet
    }

    /// The answer to the awaited request is there, or won't be given here.
    private func settle(_ answer: ByteBuffer?) {
        guard let context, let request = awaited else { return }
        awaited = nil
        watch.requestEnded()
        if let answer {
            context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        } else {
            passOn(request, isWhole: true, context)
            context.fireChannelReadComplete()
        }
        release(context)
        if owesRead, awaited == nil {
            owesRead = false
            context.read()
        }
    }

    /// Takes up what came in meanwhile, until another answer is awaited.
    private func release(_ context: ChannelHandlerContext) {
        guard !held.isEmpty else { return }
        let waiting = held
        held = []
        for (index, item) in waiting.enumerated() {
            switch item {
            case .bytes(let buffer): channelRead(context: context, data: NIOAny(buffer))
            case .event(let event): context.fireUserInboundEventTriggered(event)
            }
            if awaited != nil {
                held = Array(waiting[(index + 1)...])
                break
            }
        }
        if awaited == nil { context.fireChannelReadComplete() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A shutdown or the client's half-close must not overtake the answer.
        if awaited != nil { return held.append(.event(event)) }
        context.fireUserInboundEventTriggered(event)
    }

    func read(context: ChannelHandlerContext) {
        if awaited != nil {
            owesRead = true
        } else {
            context.read()
        }
    }
}
