import NIOCore
import NIOHPACK
import NIOHTTP2

/// Sends the end of an HTTP/2 answer with `Content-Length` in the frame of its last bytes.
///
/// The server otherwise writes an empty DATA frame to end the stream. A client that has all
/// announced bytes may close the stream before that frame arrives: libcurl 7.88 resets it. The
/// HTTP/2 handler treats two hundred resets within half a minute as an attack and ends the
/// connection with all its requests. Placed next to the stream's channel, on its event loop.
final class AnswerEnd: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    /// The remaining bytes of the announced length; nil without `Content-Length`.
    private var left: Int?
    /// The last bytes, held until the next write shows whether the end follows.
    private var held: (data: HTTP2Frame.FramePayload.Data, promise: EventLoopPromise<Void>?)?

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let payload = unwrapOutboundIn(data)
        switch payload {
        case .headers(let headers):
            release(context)
            left = headers.headers.first(name: "content-length").flatMap { Int($0) }
        case .data(let end) where held != nil && end.endStream && end.data.readableBytes == 0:
            return merge(context, promise)
        case .data(let part):
            release(context)
            guard let before = left else { break }
            left = before - part.data.readableBytes
            guard left == 0, part.data.readableBytes > 0, !part.endStream else { break }
            held = (part, promise)
            return
        default: release(context)
        }
        context.write(wrapOutboundOut(payload), promise: promise)
    }

    /// Writes the held bytes and the end as one frame.
    private func merge(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        guard case (var data, let first)? = held else { return }
        held = nil
        data.endStream = true
        if let promise, let first { promise.futureResult.cascade(to: first) }
        context.write(wrapOutboundOut(.data(data)), promise: promise ?? first)
    }

    /// Writes the held bytes unchanged.
    private func release(_ context: ChannelHandlerContext) {
        guard let (data, promise) = held else { return }
        held = nil
        context.write(wrapOutboundOut(.data(data)), promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        release(context)
        context.flush()
        context.close(mode: mode, promise: promise)
    }

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        release(context)
        context.triggerUserOutboundEvent(event, promise: promise)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        held?.promise?.fail(ChannelError.ioOnClosedChannel)
        held = nil
    }
}

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
