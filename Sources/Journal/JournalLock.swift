#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The lock of a data folder: one process at a time may write a log.
///
/// The file `lock` holds the pid of the holder, for people and for readers in
/// other processes; the lock itself is the kernel's and ends with the process.
struct JournalLock: Sendable {
    private let descriptor: Int32

    init(directory: String) throws(JournalError) {
        let path = Self.path(directory)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw SystemFault("open", path).journalError }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            guard code == EWOULDBLOCK else {
                throw SystemFault("flock", path, code: code).journalError
            }
            throw .locked(path: path, pid: Self.pid(directory) ?? 0)
        }
        let text = Array("\(getpid())\n".utf8)
        // The pid is a courtesy: a full disk must not keep the log from opening.
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
        self.descriptor = descriptor
    }

    func release() {
        ftruncate(descriptor, 0)
        close(descriptor)
    }

    private static func path(_ directory: String) -> String { directory + "/lock" }

    private static func pid(_ directory: String) -> Int32? {
        let descriptor = open(path(directory), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = read(descriptor, &bytes, bytes.count)
        let digits = bytes.prefix(max(0, count)).prefix { $0 &- 0x30 < 10 }
        return Int32(String(decoding: digits, as: UTF8.self))
    }

    /// Whether the process that the lock names lives. A pid that another process
    /// has taken over counts as alive, which only makes readers more careful.
    static func isHeld(_ directory: String) -> Bool {
        guard let pid = pid(directory) else { return false }
        return kill(pid, 0) == 0 || errno == EPERM
    }
}
