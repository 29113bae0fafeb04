import NIOCore
import NIOHTTP2

/// Lets a draining HTTP/2 connection's last answer out before the connection closes.
///
/// Hummingbird closes the connection the moment that the last stream's end is
/// written, which is before it is flushed: the answer would be lost. One turn
/// of the event loop later it is on its way. Sits between the HTTP/2 handler
/// and Hummingbird's connection manager.
final class LastAnswerKeeper: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    static func insert(into pipeline: ChannelPipeline.SynchronousOperations) throws {
        let http2 = try pipeline.handler(type: NIOHTTP2Handler.self)
        try pipeline.addHandler(LastAnswerKeeper(), position: .after(http2))
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        context.eventLoop.assumeIsolated().execute { context.close(mode: mode, promise: promise) }
    }
}
