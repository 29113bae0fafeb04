#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension Store {
    /// Creates the file with mode 0600 if it does not exist; SQLite would make it world-readable.
    static func claim(_ path: String) throws(StoreError) {
        // Opens only a new file: closing a file releases all locks of this process on it.
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor < 0, errno == EEXIST { return }
        guard descriptor >= 0 else {
            throw StoreError(
                path: path, fault: String(cString: strerror(errno)),
                remedy: "check that the folder is writable and the file is a Bellwether state file")
        }
        closeDescriptor(descriptor)
    }

    /// Throws if the file does not exist or cannot be reached; SQLite would create it.
    static func requireFile(_ path: String) throws(StoreError) {
        guard access(path, F_OK) != 0 else { return }
        throw StoreError(
            path: path, fault: String(cString: strerror(errno)),
            remedy: "start the node once, which creates the file, or run as the node's user")
    }

    /// Sets mode 0600, because the file contains token hashes and undelivered digests.
    static func restrict(_ path: String) {
        for file in [path, path + "-wal", path + "-shm"] { chmod(file, 0o600) }
    }
}

/// Calls `close(2)`, which the method `close` hides.
func closeDescriptor(_ descriptor: Int32) { close(descriptor) }
