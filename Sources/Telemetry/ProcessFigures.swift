import Events
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Records the standard `process_…` metrics of Prometheus client libraries. Thread-safe.
public final class ProcessFigures: Sendable {
    private let counted = Mutex(0.0)
    private let started: Double

    /// - Parameter started: The start time in seconds since 1970.
    public init(started: Double) { self.started = started }

    public func record(in registry: PrometheusRegistry) {
        registry.set(
            "process_start_time_seconds", to: started,
            help: "When the process started, in seconds since 1970.")
        if let bytes = Self.residentBytes() {
            registry.set(
                "process_resident_memory_bytes", to: Double(bytes),
                help: "Resident memory size in bytes.")
        }
        if let files = Self.openFiles() {
            registry.set("process_open_fds", to: Double(files), help: "Open file descriptors.")
        }
        var limit = rlimit()
        #if canImport(Glibc)
            let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let files = RLIMIT_NOFILE
        #endif
        if getrlimit(files, &limit) == 0 {
            registry.set(
                "process_max_fds", to: Double(limit.rlim_cur),
                help: "Maximum number of open file descriptors.")
        }
        let seconds = Self.cpuSeconds()
        let more = counted.withLock { counted in
            defer { counted = max(counted, seconds) }
            return max(0, seconds - counted)
        }
        registry.count(
            "process_cpu_seconds_total", by: more, help: "User and system CPU time in seconds.")
    }

    private static func cpuSeconds() -> Double {
        var usage = rusage()
        #if canImport(Glibc)
            let itself = __rusage_who_t(RUSAGE_SELF.rawValue)
        #else
            let itself = RUSAGE_SELF
        #endif
        guard getrusage(itself, &usage) == 0 else { return 0 }
        return [usage.ru_utime, usage.ru_stime].reduce(0) {
            $0 + Double($1.tv_sec) + Double($1.tv_usec) * 1e-6
        }
    }

    #if canImport(Darwin)
        private static func residentBytes() -> UInt64? {
            var info = mach_task_basic_info()
            var count = mach_msg_type_number_t(
                MemoryLayout<mach_task_basic_info>.size / MemoryLayout<natural_t>.size)
            let result = withUnsafeMutablePointer(to: &info) { pointer in
                pointer.withMemoryRebound(to: integer_t.self, capacity: Int(count)) {
                    task_info(mach_task_self_, task_flavor_t(MACH_TASK_BASIC_INFO), $0, &count)
                }
            }
            return result == KERN_SUCCESS ? info.resident_size : nil
        }

        /// The number of open descriptors; nil when `/dev/fd` cannot be read.
        public static func openFiles() -> Int? { entries(of: "/dev/fd") }
    #else
        /// The second number of `/proc/self/statm` counts resident pages (proc(5)).
        private static func residentBytes() -> UInt64? {
            let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { return nil }
            defer { close(file) }
            var bytes = [UInt8](repeating: 0, count: 128)
            let count = read(file, &bytes, bytes.count)
            guard count > 0 else { return nil }
            let numbers = String(decoding: bytes[..<count], as: UTF8.self).split(separator: " ")
            guard numbers.count > 1, let pages = UInt64(numbers[1]) else { return nil }
            return pages *| UInt64(sysconf(Int32(_SC_PAGESIZE)))
        }

        /// The number of open descriptors; nil when `/proc/self/fd` cannot be read.
        public static func openFiles() -> Int? { entries(of: "/proc/self/fd") }
    #endif

    /// Counts a folder's entries without `.`, `..` and the descriptor that reads the folder.
    private static func entries(of folder: String) -> Int? {
        guard let stream = opendir(folder) else { return nil }
        defer { closedir(stream) }
        var count = 0
        while readdir(stream) != nil { count += 1 }
        return max(0, count - 3)
    }
}
