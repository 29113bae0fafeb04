import NIOCore

/// Answers what can be answered at once before the request reaches the HTTP
/// parser: for a measurement that repeats its attempt, the frozen bytes.
///
/// Stands between TLS and the HTTP/1.1 codec and looks at what comes in only
/// while nothing is under way behind it and every byte so far was part of a
/// whole request (`ExpressRequest`). All else goes on untouched; once a read
/// was not exactly one plain request, everything does, for as long as the
/// connection lives. So the two never take turns inside one message.
///
/// Lives on the connection's event loop.
final class ExpressLane: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let gate: Gate
    private let connection: ConnectionFacts
    private let watch: ConnectionWatch
    private var isOpen = true

    init(gate: Gate, connection: ConnectionFacts, watch: ConnectionWatch) {
        self.gate = gate
        self.connection = connection
        self.watch = watch
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isOpen else { return context.fireChannelRead(data) }
        let buffer = unwrapInboundIn(data)
        var isWhole = false
        let answer: ByteBuffer? = buffer.withUnsafeReadableBytes { bytes in
            // What waits behind the lane comes first; a last answer ends the connection.
            guard watch.isQuiet, let request = ExpressRequest(bytes) else { return nil }
            isWhole = true
            // Who leaves answers unread is the full path's to deal with.
            guard context.channel.isWritable else { return nil }
            return gate.answerAtOnce(request, in: bytes, connection, context.channel.allocator)
        }
        if let answer {
            watch.requestBegan()
            context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
            watch.requestEnded()
            return
        }
        context.fireChannelRead(data)
        // A whole request that the parser did not take for one: not our place any more.
        isOpen = isWhole && !watch.isQuiet
    }
}
