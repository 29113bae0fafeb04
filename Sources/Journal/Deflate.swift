import CZlib

/// zlib's compressor, reused from member to member. Not thread-safe.
final class Deflater {
    // On the heap: zlib keeps a pointer back to the stream, which must not move.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var level: Int32
    private let ready: Bool

    init(level: Int32) {
        self.level = level
        stream.initialize(to: z_stream())
        ready =
            deflateInit2_(
                stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK
    }

    deinit {
        if ready { deflateEnd(stream) }
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// A raw deflate stream of `plain`; nil when zlib is out of memory.
    func deflate(_ plain: UnsafeRawBufferPointer, level wanted: Int32) -> [UInt8]? {
        guard ready, deflateReset(stream) == Z_OK else { return nil }
        if wanted != level {
            guard deflateParams(stream, wanted, Z_DEFAULT_STRATEGY) == Z_OK else { return nil }
            level = wanted
        }
        let bound = Int(deflateBound(stream, uLong(plain.count)))
        var finished = false
        let packed = [UInt8](unsafeUninitializedCapacity: bound) { buffer, filled in
            // zlib takes a mutable pointer and doesn't write through it.
            stream.pointee.next_in = UnsafeMutablePointer(
                mutating: plain.bindMemory(to: UInt8.self).baseAddress)
            stream.pointee.avail_in = uInt(plain.count)
            stream.pointee.next_out = buffer.baseAddress
            stream.pointee.avail_out = uInt(bound)
            finished = CZlib.deflate(stream, Z_FINISH) == Z_STREAM_END
            filled = bound - Int(stream.pointee.avail_out)
        }
        return finished ? packed : nil
    }
}

/// zlib's decompressor, reused from member to member. Not thread-safe.
final class Inflater {
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let ready: Bool

    init() {
        stream.initialize(to: z_stream())
        ready =
            inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    }

    deinit {
        if ready { inflateEnd(stream) }
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// The plain bytes; nil unless the stream is whole and holds exactly `count`.
    func inflate(_ packed: UnsafeRawBufferPointer, expecting count: Int) -> [UInt8]? {
        guard ready, inflateReset(stream) == Z_OK else { return nil }
        var whole = false
        let plain = [UInt8](unsafeUninitializedCapacity: max(count, 1)) { buffer, filled in
            stream.pointee.next_in = UnsafeMutablePointer(
                mutating: packed.bindMemory(to: UInt8.self).baseAddress)
            stream.pointee.avail_in = uInt(packed.count)
            stream.pointee.next_out = buffer.baseAddress
            stream.pointee.avail_out = uInt(count)
            let result = CZlib.inflate(stream, Z_FINISH)
            filled = count - Int(stream.pointee.avail_out)
            whole = result == Z_STREAM_END && filled == count && stream.pointee.avail_in == 0
        }
        return whole ? plain : nil
    }
}
