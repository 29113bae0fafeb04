#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension Store {
    /// Makes the file when it is not there: SQLite would make it for everybody to read.
    static func claim(_ path: String) throws(StoreError) {
        // Only a new one is opened: closing a file gives up the locks that this process has on it.
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor < 0, errno == EEXIST { return }
        guard descriptor >= 0 else {
            throw StoreError(
                path: path, fault: String(cString: strerror(errno)),
                remedy: "check that the folder is writable and the file is a Bellwether state file")
        }
        closeDescriptor(descriptor)
    }

    /// Tokens' hashes and undelivered digests are nobody else's to read.
    static func restrict(_ path: String) {
        for file in [path, path + "-wal", path + "-shm"] { chmod(file, 0o600) }
    }
}

/// `close(2)`, whose name a method hides.
private func closeDescriptor(_ descriptor: Int32) { close(descriptor) }
