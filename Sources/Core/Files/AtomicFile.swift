#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A failed system call on a file or folder.
public struct FileFault: Error, Equatable, Sendable, CustomStringConvertible {
    public let path: String
    /// The system call, such as `open`.
    public let call: String
    /// The value of `errno`.
    public let code: Int32

    /// Reads the calling thread's `errno` at once by default.
    public init(_ call: String, _ path: String, code: Int32 = errno) {
        self.path = path
        self.call = call
        self.code = code
    }

    /// The system's text for `code`.
    public var reason: String { String(cString: strerror(code)) }

    public var description: String {
        "\(path): \(call): \(reason); check the folder's owner, permissions and free space"
    }
}

/// Replaces files atomically and durably.
///
/// A crash at any moment leaves the old content or the new one, never a part. Calls block: run them
/// on a `BlockingExecutor`. Two writers of one path must not run at once. The event log replaces its
/// own files by the same steps through `LogFileSystem`, so that tests can make each step fail.
public enum AtomicFile {
    /// Creates the folder with mode 0700 if it is missing.
    public static func prepare(_ folder: String) throws(FileFault) {
        guard mkdir(folder, 0o700) != 0, errno != EEXIST else { return }
        throw FileFault("mkdir", folder)
    }

    /// Creates the folder and its missing parents, each with mode 0700 from the start.
    public static func prepareAll(_ folder: String) throws(FileFault) {
        guard mkdir(folder, 0o700) != 0, errno != EEXIST else { return }
        let fault = FileFault("mkdir", folder)
        guard fault.code == ENOENT, let slash = folder.lastIndex(of: "/"),
            slash > folder.startIndex
        else { throw fault }
        try prepareAll(String(folder[..<slash]))
        try prepare(folder)
    }

    /// Writes a temporary file beside `path`, syncs it, renames it to `path`, and syncs the folder.
    ///
    /// - Parameter mode: The permissions of the file, whatever the umask; set before anything is
    ///   written.
    public static func write(
        _ bytes: some Collection<UInt8>, to path: String, mode: mode_t
    ) throws(FileFault) {
        let temporary = path + ".new"
        // A file that a crash left. O_EXCL refuses a planted file or link.
        unlink(temporary)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0o600)
        guard file >= 0 else { throw FileFault("open", temporary) }
        do throws(FileFault) {
            try fill(file, Array(bytes), temporary, mode)
            guard rename(temporary, path) == 0 else { throw FileFault("rename", path) }
        } catch {
            unlink(temporary)
            throw error
        }
        try syncFolder(of: path)
    }

    /// Syncs a complete file, renames it to `path`, and syncs the folder. For files that are written
    /// in parts, beside `path`; a failure does not remove them.
    public static func publish(_ temporary: String, as path: String) throws(FileFault) {
        try flush(temporary)
        guard rename(temporary, path) == 0 else { throw FileFault("rename", path) }
        try syncFolder(of: path)
    }

    /// Writes, syncs and closes.
    private static func fill(
        _ file: Int32, _ bytes: [UInt8], _ path: String, _ mode: mode_t
    ) throws(FileFault) {
        var fault: FileFault?
        if !append(bytes, to: file) {
            fault = FileFault("write", path)
        } else if fchmod(file, mode) != 0 {
            fault = FileFault("fchmod", path)
        } else if fsync(file) != 0 {
            fault = FileFault("fsync", path)
        }
        if close(file) != 0, fault == nil { fault = FileFault("close", path) }
        if let fault { throw fault }
    }

    /// Makes a rename in the folder of `path` durable.
    private static func syncFolder(of path: String) throws(FileFault) {
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        try flush(parent.isEmpty ? "/" : parent, O_DIRECTORY)
    }

    /// Makes a file's content or a folder's names durable.
    private static func flush(_ path: String, _ flags: Int32 = 0) throws(FileFault) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | flags)
        guard descriptor >= 0 else { throw FileFault("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileFault("fsync", path) }
    }

    /// Writes all bytes at the position of an open file. Returns false after a failure, which `errno`
    /// names.
    public static func append(_ bytes: [UInt8], to file: Int32) -> Bool {
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
}

/// Calls `write(2)`, which is shadowed by the static method `write` inside `AtomicFile`.
private func putBytes(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(file, bytes, count)
}
