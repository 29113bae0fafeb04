import Core
import CZlib
import Events
import Transfer

/// Decodes the content coding of an HTTP answer.
///
/// Supports gzip and deflate (RFC 9110 §8.4.1; deflate also without the zlib wrapper, as some
/// servers send it), whether requested or not. libcurl is not used for this because it accepts
/// truncated streams.
enum ContentDecoding {
    /// The `Accept-Encoding` of probes.
    static let accepted = "gzip, deflate"
    /// Maximum number of nested codings.
    private static let most = 2

    /// Returns the decoded body.
    ///
    /// - Parameter limit: Maximum bytes of the decoded body.
    /// - Throws: absent(garbage) for an unsupported coding, which it quotes, and for a corrupt or
    ///   truncated stream; absent(too_large) beyond the limit.
    static func decoded(_ reply: HTTPReply, atMost limit: Int) throws(MissingData) -> [UInt8] {
        let codings = reply.headers.filter { $0.0.lowercased() == "content-encoding" }
            .flatMap { $0.1.split(separator: ",") }
            .map { $0.lowercased().filter { !$0.isWhitespace } }
            .filter { !$0.isEmpty && $0 != "identity" }
        var bytes = reply.body
        // An empty body is not compressed, whatever the header says.
        guard !codings.isEmpty, !bytes.isEmpty else { return bytes }
        guard codings.count <= most else {
            throw MissingData(.garbage, "\(codings.count) codings in Content-Encoding")
        }
        // The header lists codings in the order in which they were applied.
        for coding in codings.reversed() {
            let windowBits: Int32
            switch coding {
            case "gzip", "x-gzip": windowBits = 15 + 16
            case "deflate": windowBits = hasZlibHeader(bytes) ? 15 : -15
            default:
                throw MissingData(
                    .garbage,
                    "Content-Encoding \"\(InertText.line(coding, limit: 40))\" is not read: let the server send gzip, deflate or plain text"
                )
            }
            bytes = try inflated(bytes, windowBits, coding, limit)
        }
        return bytes
    }

    /// Whether the bytes begin with a zlib header (RFC 1950 §2.2).
    private static func hasZlibHeader(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 2 && bytes[0] & 0x0F == 8
            && (Int(bytes[0]) << 8 | Int(bytes[1])) % 31 == 0
    }

    private static func inflated(
        _ input: [UInt8], _ windowBits: Int32, _ coding: String, _ limit: Int
    ) throws(MissingData) -> [UInt8] {
        var output: [UInt8] = []
        switch inflate(input, windowBits, into: &output, limit) {
        case .whole: return output
        case .tooLarge: throw MissingData(.tooLarge, "more than \(limit) bytes once decoded")
        case .broken: throw MissingData(.garbage, "the \(coding) stream is broken")
        case .truncated: throw MissingData(.garbage, "the \(coding) stream ends before its end")
        case .noMemory: throw MissingData(.fault, "no memory to decode \(coding) in")
        }
    }

    private enum Outcome { case whole, tooLarge, broken, truncated, noMemory }

    /// Inflates a stream. gzip may have several members (RFC 1952 §2.2).
    private static func inflate(
        _ input: [UInt8], _ windowBits: Int32, into output: inout [UInt8], _ limit: Int
    ) -> Outcome {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        // zlib stores the stream's address, so it must not move after this point.
        return withUnsafeMutablePointer(to: &stream) { stream in
            guard inflateInit2_(stream, windowBits, ZLIB_VERSION, size) == Z_OK else {
                return .noMemory
            }
            defer { inflateEnd(stream) }
            return input.withUnsafeBytes { bytes in
                guard let start = bytes.bindMemory(to: Bytef.self).baseAddress else {
                    return .truncated
                }
                // zlib only reads through next_in; the type lacks the const.
                stream.pointee.next_in = UnsafeMutablePointer(mutating: start)
                stream.pointee.avail_in = uInt(bytes.count)
                return run(stream, isGzip: windowBits > 15, into: &output, limit)
            }
        }
    }

    private static func run(
        _ stream: UnsafeMutablePointer<z_stream>, isGzip: Bool, into output: inout [UInt8],
        _ limit: Int
    ) -> Outcome {
        var step = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let (code, made) = step.withUnsafeMutableBytes { space -> (Int32, Int) in
                stream.pointee.next_out = space.bindMemory(to: Bytef.self).baseAddress
                stream.pointee.avail_out = uInt(space.count)
                let code = CZlib.inflate(stream, Z_NO_FLUSH)
                return (code, space.count - Int(stream.pointee.avail_out))
            }
            guard output.count + made <= limit else { return .tooLarge }
            output.append(contentsOf: step[..<made])
            switch code {
            case Z_STREAM_END:
                guard isGzip, stream.pointee.avail_in > 0 else {
                    return stream.pointee.avail_in == 0 ? .whole : .broken
                }
                inflateReset(stream)
            case Z_OK: continue
            case Z_BUF_ERROR: return .truncated
            case Z_MEM_ERROR: return .noMemory
            default: return .broken
            }
        }
    }
}

/// Checks and removes what precedes a UTF-8 text.
enum PlainText {
    /// Returns the text without a UTF-8 byte order mark (RFC 8259 §8.1 lets a reader ignore it).
    ///
    /// Throws absent(garbage) with the detected format if the bytes are clearly not UTF-8 text:
    /// UTF-16 or UTF-32 by its byte order mark, or undeclared gzip or zstd.
    static func checked(_ bytes: [UInt8]) throws(MissingData) -> [UInt8] {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return Array(bytes.dropFirst(3)) }
        for (mark, name) in marks where bytes.starts(with: mark) {
            throw MissingData(.garbage, "\(name), not plain UTF-8 text")
        }
        return bytes
    }

    private static let marks: [([UInt8], String)] = [
        ([0xFF, 0xFE], "UTF-16 text (by its byte order mark)"),
        ([0xFE, 0xFF], "UTF-16 text (by its byte order mark)"),
        ([0x00, 0x00, 0xFE, 0xFF], "UTF-32 text (by its byte order mark)"),
        ([0x1F, 0x8B], "gzip without Content-Encoding: gzip"),
        ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
    ]
}
