import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A child process that a test can read from and kill. Thread-safe.
///
/// Two threads read both outputs from the start, so that the child never blocks on a full pipe.
/// Destroying the value kills a child that is still running, as does the end of this process.
public final class ChildProcess: Sendable {
    public enum Exit: Sendable, Equatable {
        case code(Int32)
        case signal(Int32)
    }

    public struct SpawnError: Error, CustomStringConvertible {
        public let description: String
    }

    private struct State {
        var output: [UInt8] = []
        var errors: [UInt8] = []
        var outputEnded = false
        var errorsEnded = false
        var exit: Exit?
    }

    /// The output buffers; the threads keep them alive after the value is destroyed.
    private final class Record: Sendable {
        let state = Mutex(State())
    }

    private let record = Record()
    private let input: Int32
    public let pid: pid_t

    /// Starts `executable`, a path or a name on PATH.
    ///
    /// `environment` is merged into this process's own; nil values remove variables.
    public init(
        _ executable: String, _ arguments: [String] = [],
        environment: [String: String?] = [:], directory: String? = nil
    ) throws {
        var variables = ProcessInfo.processInfo.environment
        for (name, value) in environment { variables[name] = value }
        var command = [executable] + arguments
        if let directory {
            command = ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, directory] + command
        }
        let child = try Self.spawning.withLock { _ in
            try Self.start(command, variables.map { "\($0)=\($1)" })
        }
        pid = child.pid
        input = child.stdin
        Self.register(child.pid)

        let (record, pid) = (record, pid)
        Self.follow(child.stdout) { bytes in
            record.state.withLock { state in
                if let bytes { state.output += bytes } else { state.outputEnded = true }
            }
        }
        Self.follow(child.stderr) { bytes in
            record.state.withLock { state in
                if let bytes { state.errors += bytes } else { state.errorsEnded = true }
            }
        }
        Thread.detachNewThread { Self.reap(pid, record) }
    }

    deinit {
        kill()
        close(input)
    }

    /// The children that were not reaped. Those that remain are killed when this process exits,
    /// since values in static storage are never destroyed.
    private static let running = Mutex<Set<pid_t>>([])
    private static let isEnding: Void = {
        atexit { ChildProcess.running.withLock { for pid in $0 { sendSignal(pid, SIGKILL) } } }
    }()

    private static func register(_ pid: pid_t) {
        _ = isEnding
        running.withLock { _ = $0.insert(pid) }
    }

    /// Serializes spawning, so that no child inherits the pipes of another.
    private static let spawning = Mutex(())

    private struct Child {
        let pid: pid_t
        let stdin, stdout, stderr: Int32
    }

    private static func start(_ command: [String], _ environment: [String]) throws -> Child {
        let stdin = try pipe()
        let stdout = try pipe()
        let stderr = try pipe()
        defer { for end in [stdin.read, stdout.write, stderr.write] { close(end) } }
        do {
            let pid = try spawn(command, environment, stdin.read, stdout.write, stderr.write)
            return Child(
                pid: pid, stdin: stdin.write, stdout: stdout.read, stderr: stderr.read)
        } catch {
            for end in [stdin.write, stdout.read, stderr.read] { close(end) }
            throw error
        }
    }

    // MARK: - Output

    /// The standard output so far.
    public var output: String {
        record.state.withLock { String(decoding: $0.output, as: UTF8.self) }
    }

    /// The standard error so far.
    public var errors: String {
        record.state.withLock { String(decoding: $0.errors, as: UTF8.self) }
    }

    /// Waits for the first complete line on standard output that `matches`.
    public func line(
        within limit: Duration = .seconds(60),
        where matches: @Sendable (Substring) -> Bool = { _ in true }
    ) async throws -> String {
        let deadline = ContinuousClock.now + limit
        while true {
            let (text, ended) = record.state.withLock {
                (String(decoding: $0.output, as: UTF8.self), $0.outputEnded)
            }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = lines.first(where: matches) { return String(line) }
            guard !ended, ContinuousClock.now < deadline else {
                throw SpawnError(
                    description: "the line never came (\(ended ? "output ended" : "time is up")); "
                        + "output: \(text.suffix(2000)) errors: \(errors.suffix(2000))")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    // MARK: - Exit

    public var exit: Exit? { record.state.withLock { $0.exit } }
    public var isRunning: Bool { exit == nil }

    /// Sends SIGKILL, unless the child has ended.
    public func kill() { send(SIGKILL) }

    /// Sends SIGTERM, unless the child has ended.
    public func terminate() { send(SIGTERM) }

    /// The pid cannot be reaped while the lock is held, so it still belongs to the child.
    public func send(_ signal: Int32) {
        record.state.withLock { state in
            if state.exit == nil { sendSignal(pid, signal) }
        }
    }

    /// Waits for the exit, and until everything that the child wrote is read; for that at most some
    /// seconds, since a child of the child may keep its outputs open.
    @discardableResult
    public func waitForExit(within limit: Duration = .seconds(60)) async throws -> Exit {
        let deadline = ContinuousClock.now + limit
        var reads = 0
        while true {
            let (exit, isRead) = record.state.withLock {
                ($0.exit, $0.outputEnded && $0.errorsEnded)
            }
            if let exit, isRead || reads > 300 { return exit }
            if exit != nil { reads += 1 }
            guard ContinuousClock.now < deadline else {
                throw SpawnError(
                    description: "process \(pid) never ended; errors: \(errors.suffix(2000))")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private static func reap(_ pid: pid_t, _ record: Record) {
        // Waits without reaping, then reaps under the lock that `send` takes.
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
        running.withLock { _ = $0.remove(pid) }
        record.state.withLock { state in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
            let signal = status & 0x7F
            state.exit = signal == 0 ? .code((status >> 8) & 0xFF) : .signal(signal)
        }
    }

    private static func follow(_ end: Int32, _ take: @escaping @Sendable ([UInt8]?) -> Void) {
        Thread.detachNewThread {
            var buffer = [UInt8](repeating: 0, count: 64 * 1024)
            while true {
                let count = read(end, &buffer, buffer.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { break }
                take(Array(buffer[..<count]))
            }
            close(end)
            take(nil)
        }
    }
}

/// Calls `kill(2)`; a method hides its name there.
func sendSignal(_ pid: pid_t, _ signal: Int32) { _ = kill(pid, signal) }
