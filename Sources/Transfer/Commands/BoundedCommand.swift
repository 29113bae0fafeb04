import CSpawn
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why a command did not end by itself.
public struct CommandFault: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable {
        /// The executable does not exist.
        case missing
        /// The executable is open for writing.
        case busy
        /// Killed at the deadline.
        case timeout
        /// Killed because its output was too long.
        case tooLarge
        /// A system call failed.
        case system
    }

    public let kind: Kind
    public let words: String

    init(_ kind: Kind, _ words: String) {
        self.kind = kind
        self.words = words
    }

    public var description: String { words }
}

/// Runs a command with limits on its time and its output. Blocks: call it on a separate queue.
///
/// The command is started directly, without a shell.
public struct BoundedCommand: Sendable {
    /// How a command ended.
    public struct End: Sendable, Equatable {
        /// The exit code; 128 plus the signal's number if a signal ended the command.
        public var code: Int32
        /// Standard output, and standard error if `keepsErrors` is set.
        public var output: [UInt8]
    }

    let arguments: [String]
    /// `NAME=value`.
    let environment: [String]
    let input: [UInt8]
    let maxOutput: Int
    let keepsErrors: Bool

    /// - Parameters:
    ///   - arguments: The absolute path of the executable, then its arguments.
    ///   - environment: The complete environment as `NAME=value`. A mark is added that identifies
    ///     the command's descendants.
    ///   - input: The contents of its standard input.
    ///   - maxOutput: The maximum length of the output in bytes.
    ///   - keepsErrors: Whether standard error is part of the output; otherwise it is dropped.
    public init(
        arguments: [String], environment: [String], input: [UInt8] = [], maxOutput: Int,
        keepsErrors: Bool = false
    ) {
        self.arguments = arguments
        self.environment = environment
        self.input = input
        self.maxOutput = maxOutput
        self.keepsErrors = keepsErrors
    }

    /// Serializes starts: pipes are marked close-on-exec only after they are created, and until
    /// then another starting command would inherit them.
    private static let starting = Mutex(())

    /// Starts the command, reads its output and waits until it ends.
    ///
    /// After `allowance`, or beyond `maxOutput` bytes, the command and its descendants are killed.
    /// Descendants that outlive the command are killed too.
    public func run(within allowance: Duration) -> Result<End, CommandFault> {
        let deadline = ContinuousClock.now + allowance
        let descendants = CommandDescendants()
        do throws(CommandFault) {
            let (pid, output) = try start(marked: descendants.mark, before: deadline)
            defer { close(output) }
            var end: Result<End, CommandFault>
            do throws(CommandFault) {
                let bytes = try read(output, of: pid, until: deadline)
                end = .success(End(code: 0, output: bytes))
            } catch {
                end = .failure(error)
            }
            // The leader is not reaped yet, so the number of its process group is not reused. It is
            // stopped but still exists while its descendants are searched by its process id.
            kill(-pid, SIGSTOP)
            descendants.kill(of: pid)
            kill(-pid, SIGKILL)
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
            if case .success(var success) = end {
                let signal = status & 0x7F
                success.code = signal == 0 ? (status >> 8) & 0xFF : 128 + signal
                end = .success(success)
            }
            return end
        } catch {
            return .failure(error)
        }
    }

    // MARK: - Starting

    /// Starts the command. Waits up to a second while the executable is open for writing.
    ///
    /// execve(2) fails with ETXTBSY as long as any process has the file open for writing: one that
    /// replaces a script in place, or a child of ours between its fork and its exec.
    private func start(
        marked mark: String, before deadline: ContinuousClock.Instant
    ) throws(CommandFault) -> (pid: pid_t, output: Int32) {
        let last = min(deadline, ContinuousClock.now + .seconds(1))
        while true {
            do throws(CommandFault) { return try startOnce(marked: mark) } catch {
                guard error.kind == .busy, ContinuousClock.now < last else { throw error }
                usleep(5000)
            }
        }
    }

    private func startOnce(
        marked mark: String
    ) throws(CommandFault) -> (pid: pid_t, output: Int32) {
        guard let path = arguments.first, path.hasPrefix("/") else {
            throw CommandFault(.system, "a command begins with the absolute path of its executable")
        }
        let source = try inputFile()
        defer { if source >= 0 { close(source) } }
        let started = Self.starting.withLock { _ -> Result<(pid_t, Int32), CommandFault> in
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { return .failure(Self.fault("pipe", errno)) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            defer { close(ends[1]) }
            var pid: pid_t = 0
            let code = spawn(path, environment + [mark], input: source, output: ends[1], &pid)
            guard code == 0 else {
                close(ends[0])
                let words = "\(String(cString: strerror(code))): \(path)"
                return .failure(CommandFault(Self.kind(of: code), words))
            }
            return .success((pid, ends[0]))
        }
        return try started.get()
    }

    /// The kind of a failed start.
    private static func kind(of code: Int32) -> CommandFault.Kind {
        switch code {
        case ENOENT, ENOTDIR: .missing
        case ETXTBSY: .busy
        default: .system
        }
    }

    /// The input as an unnamed file at its beginning, so that a command that does not read it
    /// blocks nothing. -1 if there is no input.
    private func inputFile() throws(CommandFault) -> Int32 {
        guard !input.isEmpty else { return -1 }
        // mkstemp(3) requires the six X's at the end and replaces them. POSIX requires /tmp on every
        // system; the file has no name there after `unlink`.
        var name = Array("/tmp/bellwether.XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        guard descriptor >= 0 else { throw Self.fault("mkstemp", errno) }
        unlink(name)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var written = 0
        while written < input.count {
            let count = input.withUnsafeBytes {
                write(
                    descriptor, UnsafeRawBufferPointer(rebasing: $0[written...]).baseAddress,
                    input.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let code = errno
                close(descriptor)
                throw Self.fault("write", code)
            }
            written += count
        }
        lseek(descriptor, 0, SEEK_SET)
        return descriptor
    }

    /// Returns 0 if the command was started, else an `errno`.
    private func spawn(
        _ path: String, _ environment: [String], input: Int32, output: Int32,
        _ pid: inout pid_t
    ) -> Int32 {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if input >= 0 {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        if keepsErrors {
            posix_spawn_file_actions_adddup2(&actions, output, 2)
        } else {
            posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        }
        // The child gets only these three descriptors. A child that outlives this process would
        // otherwise keep its port and its locks.
        #if !canImport(Darwin)
            if bellwether_spawn_close_from(&actions, 3) != 0 { Self.markAllCloseOnExec() }
        #endif

        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Threads of a dispatch queue block signals, and a child would inherit that.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        var flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        #if canImport(Darwin)
            flags |= POSIX_SPAWN_CLOEXEC_DEFAULT
        #endif
        posix_spawnattr_setflags(&attributes, Int16(flags))

        return Self.withCStrings(arguments) { argv in
            Self.withCStrings(environment) { envp in
                posix_spawn(&pid, path, &actions, &attributes, argv, envp)
            }
        }
    }

    /// Passes `body` a null-terminated array of C strings that is valid during the call.
    private static func withCStrings(
        _ strings: [String],
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32
    ) -> Int32 {
        var copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        return copies.withUnsafeMutableBufferPointer { buffer in
            // Never empty: the last element is nil.
            buffer.baseAddress.map(body) ?? EINVAL
        }
    }

    // MARK: - Reading the output

    /// Reads the output until the command ends, without reaping it.
    ///
    /// The end of the output and the end of the command are independent: a command may close its
    /// output long before it ends, and a child that it left may keep the output open. Not every
    /// system has a descriptor that reports an exit, so the exit is polled every few milliseconds.
    private func read(
        _ descriptor: Int32, of pid: pid_t, until deadline: ContinuousClock.Instant
    ) throws(CommandFault) -> [UInt8] {
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        var isOpen = true
        while true {
            let ended = Self.hasEnded(pid)
            if ended && !isOpen { return output }
            guard ContinuousClock.now < deadline else {
                throw CommandFault(.timeout, "killed at the deadline")
            }
            var wanted = pollfd(fd: isOpen ? descriptor : -1, events: Int16(POLLIN), revents: 0)
            let ready = poll(&wanted, 1, ended ? 0 : 5)
            guard ready > 0 else {
                if ended && ready == 0 { return output }
                continue
            }
            let count = systemRead(descriptor, &chunk)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Self.fault("read", errno) }
            isOpen = count > 0
            output.append(contentsOf: chunk[..<count])
            guard output.count <= maxOutput else {
                throw CommandFault(.tooLarge, "more than \(maxOutput) bytes of output")
            }
        }
    }

    /// Whether the command ended. Does not reap it.
    private static func hasEnded(_ pid: pid_t) -> Bool {
        var info = siginfo_t()
        return waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT | WNOHANG) == 0
            && info.si_signo == SIGCHLD
    }

    #if !canImport(Darwin)
        /// For C libraries that cannot close all descriptors of a child (musl, glibc before 2.34):
        /// marks each open descriptor close-on-exec.
        private static func markAllCloseOnExec() {
            guard let folder = opendir("/proc/self/fd") else { return }
            defer { closedir(folder) }
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                if let number = Int32(name), number > 2 {
                    _ = fcntl(number, F_SETFD, FD_CLOEXEC)
                }
            }
        }
    #endif

    private static func fault(_ call: String, _ code: Int32) -> CommandFault {
        CommandFault(.system, "\(call): \(String(cString: strerror(code)))")
    }
}

/// Calls `read(2)`; the free function avoids the name conflict with the method.
private func systemRead(_ descriptor: Int32, _ chunk: inout [UInt8]) -> Int {
    chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
}
