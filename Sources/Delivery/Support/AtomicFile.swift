#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// An error while writing a file: where, why, and what to do.
struct AtomicFileError: Error, Sendable, CustomStringConvertible {
    let path: String
    let fault: String

    var description: String {
        "\(path): \(fault); check the folder's owner, permissions and free space"
    }
}

/// Writes files atomically and durably.
enum AtomicFile {
    /// Creates the folder with mode 0700 if it is missing.
    static func prepare(_ directory: String) throws(AtomicFileError) {
        guard mkdir(directory, 0o700) != 0, errno != EEXIST else { return }
        throw AtomicFileError(path: directory, fault: words)
    }

    /// Writes to a temporary file, syncs it, renames it to `path`, and syncs the folder.
    static func write(_ bytes: [UInt8], to path: String) throws(AtomicFileError) {
        let temporary = path + ".part"
        // No other writer uses this name: one process holds the data folder, and one queue writes
        // this receiver's files. O_NOFOLLOW refuses a planted symbolic link.
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard file >= 0 else { throw AtomicFileError(path: temporary, fault: words) }
        var fault: String?
        if !writeAll(bytes, file) || fsync(file) != 0 { fault = words }
        if close(file) != 0, fault == nil { fault = words }
        if fault == nil, rename(temporary, path) != 0 { fault = words }
        if let fault {
            unlink(temporary)
            throw AtomicFileError(path: path, fault: fault)
        }
        try syncFolder(of: path)
    }

    private static func syncFolder(of path: String) throws(AtomicFileError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw AtomicFileError(path: folder, fault: words) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw AtomicFileError(path: folder, fault: words) }
    }

    private static func writeAll(_ bytes: [UInt8], _ file: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let slice = UnsafeRawBufferPointer(rebasing: rest)
                let count = putBytes(file, slice.baseAddress, slice.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    private static var words: String { String(cString: strerror(errno)) }
}

/// Calls `write(2)`, which is shadowed by the static method `write` inside `AtomicFile`.
private func putBytes(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(file, bytes, count)
}
