import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport

/// A TLS client that sends exactly the given bytes, at any pace.
final class RawClient: Sendable {
    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let bytes = Mutex<[UInt8]>([])

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = unwrapInboundIn(data)
            bytes.withLock { $0 += Array(buffer.readableBytesView) }
        }
    }

    private let channel: any Channel
    private let collector: Collector

    /// Connects; with `alpn` nil without TLS.
    ///
    /// - Parameter receiveBuffer: Bytes that the system takes in before the client reads; nil: its
    ///   own choice.
    static func connect(
        _ server: RunningServer, alpn: String? = "http/1.1", reads: Bool = true,
        receiveBuffer: Int? = nil
    ) async throws -> RawClient {
        let collector = Collector()
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.applicationProtocols = alpn.map { [$0] } ?? []
        let context = try NIOSSLContext(configuration: configuration)
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: receiveBuffer)
        }
        let channel =
            try await bootstrap
            .channelOption(.autoRead, value: reads || alpn != nil)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if alpn != nil {
                        try pipeline.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: nil))
                    }
                    try pipeline.addHandler(collector)
                }
            }
            .connect(host: "127.0.0.1", port: server.port).get()
        return RawClient(channel: channel, collector: collector)
    }

    private init(channel: any Channel, collector: Collector) {
        self.channel = channel
        self.collector = collector
    }

    deinit { channel.close(promise: nil) }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    /// Takes in nothing more, as a client that hangs.
    func stopReading() async throws {
        try await channel.setOption(.autoRead, value: false).get()
    }

    func startReading() async throws {
        try await channel.setOption(.autoRead, value: true).get()
    }

    /// Says that nothing more comes, and goes on reading.
    func finish() async throws { try await channel.close(mode: .output).get() }

    func close() async throws { try await channel.close().get() }

    /// Costs no copy of the bytes.
    var receivedCount: Int { collector.bytes.withLock { $0.count } }
    var received: [UInt8] { collector.bytes.withLock { $0 } }
    var text: String { String(decoding: received, as: UTF8.self) }

    /// Whether neither side has closed.
    var isOpen: Bool { channel.isActive }

    /// Until the server closes.
    func closed() async throws { try await channel.closeFuture.get() }

    func receives(_ part: String) async throws {
        try await eventually("received: \(part)") { self.text.contains(part) }
    }
}
