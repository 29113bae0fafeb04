import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Starts threads for work that blocks regularly.
enum EventLogThread {
    /// The scheduling priority of a thread.
    enum Priority { case normal, background }

    static func start(
        _ name: String, _ priority: Priority = .normal, _ run: @escaping @Sendable () -> Void
    ) {
        let thread = Thread {
            show(name)
            if priority == .background { yieldToOthers() }
            run()
        }
        thread.name = name
        if priority == .background { thread.qualityOfService = .utility }
        thread.start()
    }

    /// Foundation sets the system's thread name on Darwin only.
    private static func show(_ name: String) {
        #if os(Linux)
            let file = open("/proc/thread-self/comm", O_WRONLY)
            guard file >= 0 else { return }
            // The kernel keeps at most 15 bytes.
            _ = write(file, Array(name.utf8), name.utf8.count)
            close(file)
        #endif
    }

    private static func yieldToOthers() {
        #if os(Linux)
            // On Linux, the nice value belongs to the thread.
            _ = nice(10)
        #endif
    }
}
