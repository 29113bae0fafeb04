import CZlib
import HTTPTypes
import NIOCore

/// Inflates gzip (RFC 1952, including several members) incrementally, up to a limit.
///
/// Memory use exceeds the limit by at most one step, whatever size the input has when inflated.
final class GzipInflater {
    /// A `z_stream` must not move, because zlib stores its address.
    private let stream: UnsafeMutablePointer<z_stream>
    /// Whether a member has begun and not ended.
    private var isOpen = false
    private var members = 0

    /// The output buffer's size in bytes.
    private static let step = 64 * 1024
    private let step = UnsafeMutableRawBufferPointer.allocate(byteCount: step, alignment: 16)
    /// 15 bits of window; adding 16 accepts the gzip wrapper only.
    private static let windowBits: Int32 = 15 + 16

    init() throws(Problem) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let code = inflateInit2_(
            stream, Self.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else {
            stream.deallocate()
            step.deallocate()
            throw Problem(
                .serviceUnavailable, "no_memory", "there is no memory to inflate the body in")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        step.deallocate()
    }

    /// Appends the inflated `input` to `output`. Before the bytes of a step are appended, `admit` is
    /// called with their number.
    ///
    /// - Throws: 413 if `output` would exceed `limit`, 400 for invalid input, or the error of
    ///   `admit`.
    func inflate(
        _ input: ByteBuffer, into output: inout [UInt8], limit: Int,
        admit: (Int) throws(Problem) -> Void = { (_: Int) throws(Problem) in }
    ) throws(Problem) {
        var problem: Problem?
        input.withUnsafeReadableBytes { bytes in
            guard let start = bytes.bindMemory(to: Bytef.self).baseAddress else { return }
            // zlib only reads through next_in; its type lacks the const.
            stream.pointee.next_in = UnsafeMutablePointer(mutating: start)
            stream.pointee.avail_in = uInt(bytes.count)
            problem = drain(into: &output, limit: limit, admit)
            stream.pointee.next_in = nil
        }
        if let problem { throw problem }
    }

    /// - Throws: 400 if the input ended within a member, or before the first one.
    func finish() throws(Problem) {
        guard !isOpen, members > 0 else {
            throw .malformed(
                "gzip_truncated", "the gzip stream ends before its end", field: "body")
        }
    }

    private func drain(
        into output: inout [UInt8], limit: Int, _ admit: (Int) throws(Problem) -> Void
    ) -> Problem? {
        while true {
            if !isOpen {
                guard stream.pointee.avail_in > 0 else { return nil }
                if members > 0 { inflateReset(stream) }
                isOpen = true
            }
            let most = min(Self.step, limit - output.count + 1)
            stream.pointee.next_out = step.bindMemory(to: Bytef.self).baseAddress
            stream.pointee.avail_out = uInt(most)
            let code = CZlib.inflate(stream, Z_NO_FLUSH)
            stream.pointee.next_out = nil
            let made = most - Int(stream.pointee.avail_out)
            guard output.count + made <= limit else { return .tooLarge(limit) }
            if made > 0 {
                do throws(Problem) { try admit(made) } catch { return error }
                output.append(contentsOf: step[..<made])
            }
            switch code {
            case Z_STREAM_END:
                isOpen = false
                members += 1
            case Z_OK:
                if stream.pointee.avail_in == 0, stream.pointee.avail_out > 0 { return nil }
            case Z_BUF_ERROR: return nil
            default:
                return .malformed("gzip_malformed", "the body is not valid gzip", field: "body")
            }
        }
    }
}
