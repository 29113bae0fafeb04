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
/// The file `lock` holds the pid of the holder, for people; the lock itself is the kernel's and
/// ends with the process.
final class JournalLock: Sendable {
    private struct State {
        var descriptor: Int32
        var isLost = false
        var isReleased = false
    }

    private let path: String
    private let state: Mutex<State>

    /// Who only asks whether the lock is held holds it for a moment: a start that meets that
    /// tries again.
    private static let tries = 20

    init(directory: String) throws(JournalError) {
        let path = Self.path(directory)
        var tries = Self.tries
        while true {
            switch Self.take(path) {
            case .taken(let descriptor):
                self.path = path
                state = Mutex(State(descriptor: descriptor))
                return
            case .failed(let fault): throw fault.journalError
            case .held:
                tries -= 1
                guard tries > 0 else { throw .locked(path: path, pid: Self.pid(path) ?? 0) }
                usleep(5000)
            }
        }
    }

    /// What became of the lock file since it was locked.
    enum Standing: Sendable { case held, restored, lost }

    /// Looks whether the lock file is still the one that is locked, and locks a new one when it
    /// was removed. Once another process has that one, the log is lost to this process for good.
    func check() -> Standing {
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
            // The folder is gone: nobody else can lock anything there.
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
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { return .failed(SystemFault("open", path)) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            return code == EWOULDBLOCK ? .held : .failed(SystemFault("flock", path, code: code))
        }
        let text = Array("\(getpid())\n".utf8)
        // The pid is a courtesy: a full disk must not keep the log from opening.
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

    /// Whether a process holds the lock: asked of the kernel, since a pid in a file outlives its
    /// process and may be another's by now.
    static func isHeld(_ directory: String) -> Bool {
        let descriptor = open(path(directory), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        // Closing it gives a lock that was free back.
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }
}
