import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The lock of a data folder: one process at a time may write a log. Thread-safe.
///
/// The file `lock` contains the holder's pid for people. The lock itself is the kernel's `flock`
/// and ends with the process.
final class EventLogLock: Sendable {
    private struct State {
        var descriptor: Int32
        var isLost = false
        var isReleased = false
    }

    private let path: String
    private let state: Mutex<State>

    /// Attempts to take the lock. `isHeld` in another process holds it for a moment, so a start
    /// that meets that retries.
    private static let tries = 20

    init(directory: String) throws(EventLogError) {
        let path = Self.path(directory)
        var tries = Self.tries
        while true {
            switch Self.take(path) {
            case .taken(let descriptor):
                self.path = path
                state = Mutex(State(descriptor: descriptor))
                return
            case .failed(let fault): throw fault.eventLogError
            case .held:
                tries -= 1
                guard tries > 0 else { throw .locked(path: path, pid: Self.pid(path) ?? 0) }
                usleep(5000)
            }
        }
    }

    /// The state of the lock file since it was locked.
    enum Priority: Sendable { case held, restored, lost }

    /// Checks that the lock file is still the locked one, and locks a new file if it was removed.
    ///
    /// If another process has locked the new file, this process has lost the log permanently.
    func check() -> Priority {
        state.withLock { state in
            guard !state.isReleased else { return .held }
            guard !state.isLost else { return .lost }
            var mine = stat()
            var named = stat()
            if fstat(state.descriptor, &mine) == 0, stat(path, &named) == 0,
                mine.st_ino == named.st_ino, mine.st_dev == named.st_dev
            {
                return .held
            }
            switch Self.take(path) {
            case .taken(let descriptor):
                close(state.descriptor)
                state.descriptor = descriptor
                return .restored
            case .held:
                state.isLost = true
                return .lost
            // The folder is gone, so no other process can take a lock there.
            case .failed: return .held
            }
        }
    }

    var isLost: Bool { state.withLock { $0.isLost } }

    func release() {
        state.withLock { state in
            guard !state.isReleased else { return }
            state.isReleased = true
            ftruncate(state.descriptor, 0)
            close(state.descriptor)
        }
    }

    private enum Attempt {
        case taken(Int32)
        case held
        case failed(SystemFault)
    }

    private static func take(_ path: String) -> Attempt {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return .failed(SystemFault("open", path)) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            return code == EWOULDBLOCK ? .held : .failed(SystemFault("flock", path, code: code))
        }
        let text = Array("\(getpid())\n".utf8)
        // The pid is only informative: a full disk must not keep the log from opening.
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
        return .taken(descriptor)
    }

    private static func path(_ directory: String) -> String { directory + "/lock" }

    private static func pid(_ path: String) -> Int32? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = read(descriptor, &bytes, bytes.count)
        let digits = bytes.prefix(max(0, count)).prefix { $0 &- 0x30 < 10 }
        return Int32(String(decoding: digits, as: UTF8.self))
    }

    /// Whether a process holds the lock, according to the kernel.
    ///
    /// The pid in the file is not used: it outlives its process and may belong to another one.
    static func isHeld(_ directory: String) -> Bool {
        let descriptor = open(path(directory), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        // Closing the descriptor releases a lock that was free.
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }
}
