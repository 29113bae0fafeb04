import NIOCore

/// Copies decrypted bytes into buffers of their own before it passes them on.
///
/// `NIOSSLHandler` decrypts every read into one buffer that it keeps. While a later handler holds
/// a slice of it, as the parts of a large body are held until the body is complete, the next read
/// begins with a copy of the buffer's whole capacity, however little of it is in use. A copy of
/// only the bytes that were read costs less than half as much, in time and in memory.
///
/// Lives on the connection's event loop.
final class DetachedReads: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// What is shorter is mostly a whole request, and let go before the next read.
    static let copiedFrom = 4096

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let read = unwrapInboundIn(data)
        guard read.readableBytes >= Self.copiedFrom else { return context.fireChannelRead(data) }
        var own = context.channel.allocator.buffer(capacity: read.readableBytes)
        own.writeImmutableBuffer(read)
        context.fireChannelRead(wrapInboundOut(own))
    }
}
