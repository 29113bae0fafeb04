import NIOCore
import NIOEmbedded
import Testing

@testable import Server

@Suite("Copies of large reads")
struct DetachedReadsTests {
    private func handedOn(_ bytes: Int) throws -> (read: ByteBuffer, own: ByteBuffer) {
        let channel = EmbeddedChannel(handler: DetachedReads())
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        // A buffer far larger than its contents, as TLS returns.
        var read = channel.allocator.buffer(capacity: 1 << 20)
        read.writeBytes((0..<bytes).map { UInt8(truncatingIfNeeded: $0) })
        try channel.writeInbound(read)
        let own = try #require(try channel.readInbound(as: ByteBuffer.self))
        #expect(try channel.readInbound(as: ByteBuffer.self) == nil)
        return (read, own)
    }

    private func place(_ buffer: ByteBuffer) -> UInt {
        buffer.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
    }

    @Test("a large read is copied to a buffer of less than twice its size")
    func large() throws {
        let (read, own) = try handedOn(70_000)
        #expect(own == read)
        #expect(place(own) != place(read))
        #expect(own.capacity < 2 * 70_000)
    }

    @Test("a small read is passed on unchanged")
    func small() throws {
        let (read, own) = try handedOn(DetachedReads.copiedFrom - 1)
        #expect(own == read)
        #expect(place(own) == place(read))
    }
}
