import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A thread of our own for work that blocks as a matter of course.
enum JournalThread {
    /// How the scheduler should treat the thread.
    enum Standing { case normal, background }

    static func start(
        _ name: String, _ standing: Standing = .normal, _ run: @escaping @Sendable () -> Void
    ) {
        let thread = Thread {
            show(name)
            if standing == .background { yieldToOthers() }
            run()
        }
        thread.name = name
        if standing == .background { thread.qualityOfService = .utility }
        thread.start()
    }

    /// `Thread.name` reaches the system on Darwin only.
    private static func show(_ name: String) {
        #if os(Linux)
            let file = open("/proc/thread-self/comm", O_WRONLY)
            guard file >= 0 else { return }
            // At most 15 bytes are kept.
            _ = write(file, Array(name.utf8), name.utf8.count)
            close(file)
        #endif
    }

    private static func yieldToOthers() {
        #if os(Linux)
            // The nice value belongs to the thread there.
            _ = nice(10)
        #endif
    }
}
