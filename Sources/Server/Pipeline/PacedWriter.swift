import HTTPTypes
import HummingbirdCore
import NIOCore

/// Writes a long body no faster than its connection takes it.
///
/// A write from a task returns as soon as it is queued for the event loop, and only the loop learns
/// that the client does not read. While the loop is busy, a writer would queue its whole body. So
/// this one waits for the loop after each `chunk` bytes.
struct PacedWriter: ResponseBodyWriter {
    /// Most bytes that wait for the event loop, plus one buffer.
    static let chunk = 64 << 10

    var base: any ResponseBodyWriter
    /// Returns once the event loop has taken everything that was written before.
    let settle: @Sendable () async throws -> Void
    private var queued = 0

    init(_ base: any ResponseBodyWriter, settle: @escaping @Sendable () async throws -> Void) {
        self.base = base
        self.settle = settle
    }

    mutating func write(_ buffer: ByteBuffer) async throws {
        try await base.write(buffer)
        queued += buffer.readableBytes
        guard queued >= Self.chunk else { return }
        queued = 0
        try await settle()
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await base.finish(trailingHeaders)
    }
}

extension ResponseBody {
    /// This body, written by a `PacedWriter` if it is long or its length is unknown.
    func paced(_ settle: @escaping @Sendable () async throws -> Void) -> ResponseBody {
        if let contentLength, contentLength <= Admission.shortAnswer { return self }
        let body = self
        return ResponseBody(contentLength: contentLength) { writer in
            try await body.write(PacedWriter(writer, settle: settle))
        }
    }
}
