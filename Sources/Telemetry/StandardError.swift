import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writes lines to standard error without blocking on a stuck reader. Thread-safe.
///
/// When the pipe is full, a write waits at most 100 ms for each 4 KiB of a line, then drops the
/// rest of it. Later lines are dropped without waiting until the pipe is writable again; then a
/// line with the number of dropped lines is written first.
public final class StandardError: Sendable {
    public static let shared = StandardError(descriptor: STDERR_FILENO)

    private struct State {
        var stuck = false
        var dropped = 0
    }

    /// Bytes that a pipe that polls as writable accepts without blocking: PIPE_BUF of Linux.
    /// (POSIX requires 512; macOS has 512, but keeps 16 KiB free.)
    private static let chunk = 4096

    private let descriptor: Int32
    private let patience: Int32
    private let state = Mutex(State())

    init(descriptor: Int32, patienceMilliseconds: Int32 = 100) {
        self.descriptor = descriptor
        patience = patienceMilliseconds
    }

    public func write(_ line: String) {
        state.withLock { state in
            if state.dropped > 0 {
                let notice = "(\(state.dropped) log lines dropped: standard error was not read)\n"
                guard put(notice, &state) else {
                    state.dropped += 1
                    return
                }
                state.dropped = 0
            }
            if !put(line, &state) { state.dropped += 1 }
        }
    }

    /// Writes `line`; returns whether all of it was written.
    private func put(_ line: String, _ state: inout State) -> Bool {
        var rest = Array(line.utf8)[...]
        while !rest.isEmpty {
            var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            let answer = poll(&ready, 1, state.stuck ? 0 : patience)
            if answer < 0, errno == EINTR { continue }
            guard answer > 0 else {
                state.stuck = true
                return false
            }
            state.stuck = false
            let written = rest.prefix(Self.chunk).withUnsafeBytes { bytes in
                #if canImport(Darwin)
                    Darwin.write(descriptor, bytes.baseAddress, bytes.count)
                #elseif canImport(Musl)
                    Musl.write(descriptor, bytes.baseAddress, bytes.count)
                #else
                    Glibc.write(descriptor, bytes.baseAddress, bytes.count)
                #endif
            }
            if written < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                return false
            }
            rest = rest.dropFirst(written)
        }
        return true
    }
}
