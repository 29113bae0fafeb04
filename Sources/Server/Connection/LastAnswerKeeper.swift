import NIOCore
import NIOHTTP2

/// Delays the close of a draining HTTP/2 connection until its last answer is flushed.
///
/// Hummingbird closes the connection as soon as the end of the last stream is written, before it is
/// flushed, so the answer would be lost. One turn of the event loop later the flush has happened.
/// Placed between the HTTP/2 handler and Hummingbird's connection manager.
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
