import CZlib
import JSON
import NIOCore
import TestSupport
import Testing

@testable import Server

@Suite struct GzipInflaterTests {
    /// 100 MB that compress to 100 kB.
    private static let bomb = gzip([UInt8](repeating: 0x20, count: 100_000_000))

    /// Compresses `bytes` to gzip with zlib.
    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        deflateInit2_(
            &stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        defer { deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, uLong(bytes.count))))
        let count = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = uInt(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = uInt(target.count)
                deflate(&stream, Z_FINISH)
                return Int(stream.total_out)
            }
        }
        return Array(output.prefix(count))
    }

    private func inflate(
        _ bytes: [UInt8], limit: Int = 1 << 20, chunk: Int = .max
    ) throws -> [UInt8] {
        let inflater = try GzipInflater()
        var output: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            try inflater.inflate(ByteBuffer(bytes: rest.prefix(chunk)), into: &output, limit: limit)
            rest = rest.dropFirst(min(chunk, rest.count))
        }
        try inflater.finish()
        return output
    }

    private func reason(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch { return (error as? Problem)?.reason }
    }

    @Test(arguments: [0, 1, 1000, 65535, 65536, 65537, 300_000], [1, 7, 4096, Int.max])
    func restoresWhatWasDeflated(size: Int, chunk: Int) throws {
        if chunk == 1, size > 1000 { return }
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
        let output = try inflate(Self.gzip(bytes), chunk: chunk)
        #expect(output == bytes)
    }

    @Test func takesSeveralMembers() throws {
        let joined = Self.gzip(Array("one\n".utf8)) + Self.gzip([]) + Self.gzip(Array("two\n".utf8))
        for chunk in [1, 5, Int.max] {
            #expect(
                try String(decoding: inflate(joined, chunk: chunk), as: UTF8.self) == "one\ntwo\n")
        }
    }

    @Test func theLimitIsExact() throws {
        let bytes = [UInt8](repeating: 9, count: 200_000)
        let packed = Self.gzip(bytes)
        #expect(try inflate(packed, limit: 200_000).count == 200_000)
        #expect(reason { _ = try inflate(packed, limit: 199_999) } == "body_too_large")
    }

    @Test func aBombCostsNoMoreThanTheLimit() throws {
        let limit = 1 << 20
        let inflater = try GzipInflater()
        var output: [UInt8] = []
        var admitted = 0
        let caught = reason {
            try inflater.inflate(ByteBuffer(bytes: Self.bomb), into: &output, limit: limit) {
                admitted += $0
            }
        }
        #expect(caught == "body_too_large")
        #expect(output.count <= limit)
        #expect(admitted == output.count)
        #expect(output.capacity <= 2 * limit + 128 * 1024)
    }

    @Test func aStepThatIsNotAdmittedEndsIt() throws {
        let inflater = try GzipInflater()
        var output: [UInt8] = []
        var admitted = 0
        let caught = reason {
            try inflater.inflate(ByteBuffer(bytes: Self.bomb), into: &output, limit: 1 << 20) {
                (bytes: Int) throws(Problem) in
                if admitted >= 128 * 1024 { throw .memorySpent(1) }
                admitted += bytes
            }
        }
        #expect(caught == "memory_spent")
        #expect(output.count == 128 * 1024)
    }

    @Test func brokenInputIsRefused() throws {
        let good = Self.gzip(Array("hello".utf8))
        #expect(reason { _ = try inflate(Array("hello".utf8)) } == "gzip_malformed")
        #expect(reason { _ = try inflate([]) } == "gzip_truncated")
        for cut in 1..<good.count {
            #expect(reason { _ = try inflate(Array(good.prefix(cut))) } == "gzip_truncated")
        }
        #expect(reason { _ = try inflate(good + [1, 2, 3]) } == "gzip_malformed")
        var flipped = good
        flipped[good.count - 5] ^= 1  // the checksum
        #expect(reason { _ = try inflate(flipped) } == "gzip_malformed")
    }

    // MARK: - Through the server

    @Test(arguments: [false, true])
    func theServerInflatesUpToTheRoutesLimit(http2: Bool) async throws {
        let server = try await RunningServer()
        let curl = Curl(server, http2: http2)
        let token = try await server.token(.ingest)
        func post(_ body: [UInt8], _ encoding: String) async throws -> Curl.Reply {
            try await curl.post(
                "/v1/events", token: token, type: "application/x-ndjson", body: body, "-H",
                "Content-Encoding: \(encoding)")
        }
        let line = Array(#"{"event":"a"}"#.utf8)
        let good = try await post(Self.gzip(line), "gzip")
        #expect(good.status == 200)
        #expect(good.body == line)

        let bomb = try await post(Self.bomb, "gzip")
        #expect(bomb.status == 413)
        #expect(bomb.json?["reason"]?.string == "body_too_large")

        let broken = try await post(line, "gzip")
        #expect(broken.status == 400)
        #expect(broken.json?["reason"]?.string == "gzip_malformed")

        let other = try await post(line, "br")
        #expect(other.status == 415)
        #expect(other.header("accept-encoding") == "gzip")

        #expect(try await post(Self.gzip(line), "GZIP").status == 200)
    }
}
