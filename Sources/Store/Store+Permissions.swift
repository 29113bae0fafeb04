#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension Store {
    /// Tokens' hashes and undelivered digests are nobody else's to read.
    static func restrict(_ path: String) {
        for file in [path, path + "-wal", path + "-shm"] { chmod(file, 0o600) }
    }
}
