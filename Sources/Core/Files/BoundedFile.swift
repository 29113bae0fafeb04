#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The content of a file, read up to a limit.
public struct BoundedFile: Sendable {
    public enum Fault: Error, Equatable, Sendable {
        case system(FileFault)
        /// A FIFO, device, socket or folder, where only regular files are read.
        case notRegular
        /// The file is or becomes larger than the limit.
        case tooLarge
    }

    public let bytes: [UInt8]
    /// The file's modification time, in milliseconds since 1970.
    public let modified: Int64

    /// Reads `path`. May block on a slow disk: call it on a `BlockingExecutor`. Never waits for the
    /// writer of a FIFO.
    ///
    /// - Parameters:
    ///   - limit: The largest size in bytes.
    ///   - onlyRegular: Whether anything but a regular file is refused without reading it.
    public init(
        reading path: String, limit: Int, onlyRegular: Bool = false
    ) throws(Fault) {
        // Without O_NONBLOCK, opening a FIFO waits for a writer.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw .system(FileFault("open", path)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(FileFault("fstat", path)) }
        guard !onlyRegular || status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
        guard status.st_size <= limit else { throw .tooLarge }
        // Files below /proc report size 0 but have content.
        let expected = max(Int(status.st_size), 4096)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(expected)
        var chunk = [UInt8](repeating: 0, count: min(expected, 65536))
        while true {
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .system(FileFault("read", path)) }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else { throw .tooLarge }
        }
        self.bytes = bytes
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        modified = Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000
    }
}
