import Events

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The content of a regular file, read up to a limit.
struct BoundedFile: Sendable {
    let bytes: [UInt8]
    /// The file's modification time.
    let modified: Timestamp

    /// Reads `path`. May block on a slow disk: call it on a `BlockingExecutor`.
    ///
    /// Throws for FIFOs, devices, sockets and folders without reading them, and for files that are
    /// or become larger than `limit` bytes.
    static func read(_ path: String, limit: Int) throws(MissingData) -> BoundedFile {
        // Without O_NONBLOCK, opening a FIFO waits for a writer.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw Self.absence(errno, path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.absence(errno, path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw MissingData(.unreadable, "not a regular file: \(path)")
        }
        guard status.st_size <= limit else { throw Self.tooLarge(path, limit) }
        // Files below /proc report size 0 but have content.
        let expected = max(Int(status.st_size), 4096)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(expected)
        var chunk = [UInt8](repeating: 0, count: min(expected, 65536))
        while true {
            let count = systemRead(descriptor, &chunk)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Self.absence(errno, path) }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else { throw Self.tooLarge(path, limit) }
        }
        return BoundedFile(bytes: bytes, modified: Self.modified(status))
    }

    private static func systemRead(_ descriptor: Int32, _ chunk: inout [UInt8]) -> Int {
        chunk.withUnsafeMutableBytes { buffer in
            #if canImport(Glibc)
                Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            #elseif canImport(Musl)
                Musl.read(descriptor, buffer.baseAddress, buffer.count)
            #elseif canImport(Darwin)
                Darwin.read(descriptor, buffer.baseAddress, buffer.count)
            #endif
        }
    }

    private static func modified(_ status: stat) -> Timestamp {
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        return Timestamp(
            milliseconds: Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000)
    }

    private static func tooLarge(_ path: String, _ limit: Int) -> MissingData {
        MissingData(.tooLarge, "more than \(limit) bytes: \(path)")
    }

    private static func absence(_ code: Int32, _ path: String) -> MissingData {
        let missing = code == ENOENT || code == ENOTDIR
        let words = String(cString: strerror(code))
        return MissingData(missing ? .missingFile : .unreadable, "\(words): \(path)")
    }
}
