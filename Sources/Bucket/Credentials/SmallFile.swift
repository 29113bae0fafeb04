#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads small text files of other programs. Blocks.
enum SmallFile {
    private static let largest = 256 << 10

    /// The file's text; nil if it cannot be read, is larger than 256 KiB, or is not UTF-8.
    static func text(_ path: String) -> String? {
        // Non-blocking, so that opening a pipe without a writer does not hang.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: largest + 1)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                read(file, $0.baseAddress?.advanced(by: filled), $0.count - filled)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            filled += count
        }
        guard filled <= largest else { return nil }
        return String(validating: bytes.prefix(filled), as: UTF8.self)
    }
}
