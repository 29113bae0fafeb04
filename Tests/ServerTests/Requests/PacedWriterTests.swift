import HTTPTypes
import HummingbirdCore
import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing

@testable import Server

@Suite("Bodies written as the connection takes them")
struct PacedWriterTests {
    /// What was written, and an event loop that is busy until it is opened.
    private final class BusyLoop: ResponseBodyWriter, Sendable {
        struct State {
            var bytes = 0
            var isEnded = false
            var isOpen = false
            var waiting: [CheckedContinuation<Void, Never>] = []
        }
        let state = NIOLockedValueBox(State())

        func write(_ buffer: ByteBuffer) {
            state.withLockedValue { $0.bytes += buffer.readableBytes }
        }

        func finish(_ trailingHeaders: HTTPFields?) { state.withLockedValue { $0.isEnded = true } }

        func settle() async {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLockedValue {
                    if !$0.isOpen { $0.waiting.append(continuation) }
                    return $0.isOpen
                }
                if isOpen { continuation.resume() }
            }
        }

        func open() {
            let waiting = state.withLockedValue {
                $0.isOpen = true
                return $0.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    @Test("a busy event loop holds at most one chunk and one buffer; then all is written")
    func busy() async throws {
        let loop = BusyLoop()
        let buffer = ByteBuffer(repeating: 0x20, count: 20 << 10)
        let body = ResponseBody { writer in
            for _ in 0..<100 { try await writer.write(buffer) }
            try await writer.finish(nil)
        }.paced { await loop.settle() }
        async let written: Void = body.write(loop)
        try await eventually("the writer waits") {
            loop.state.withLockedValue { !$0.waiting.isEmpty }
        }
        let queued = loop.state.withLockedValue { $0.bytes }
        #expect(queued >= PacedWriter.chunk)
        #expect(queued < PacedWriter.chunk + buffer.readableBytes)
        loop.open()
        try await written
        #expect(loop.state.withLockedValue { $0.bytes } == 100 * buffer.readableBytes)
        #expect(loop.state.withLockedValue { $0.isEnded })
    }

    @Test("a short body of known length is written at once")
    func short() async throws {
        let loop = BusyLoop()
        let body = ResponseBody(byteBuffer: ByteBuffer(string: "all"))
            .paced { await loop.settle() }
        try await body.write(loop)
        #expect(loop.state.withLockedValue { $0.bytes } == 3)
    }
}
