#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Starts a thread for a loop that blocks again and again.
///
/// Single blocking calls are run by a `BlockingExecutor`.
public enum DedicatedThread {
    /// Runs `body` to its end on a new, detached thread. Returns false if the system has none.
    ///
    /// - Parameter name: Shown by the system's tools; Linux keeps its first 15 bytes.
    public static func start(
        _ name: String, priority: BlockingExecutor.Priority = .normal,
        _ body: sending @escaping () -> Void
    ) -> Bool {
        let context = Unmanaged.passRetained(
            Body {
                show(name)
                if priority == .low { yieldToOthers() }
                body()
            })
        #if canImport(Glibc)
            var thread = pthread_t()
        #else
            var thread: pthread_t?
        #endif
        guard pthread_create(&thread, nil, main, context.toOpaque()) == 0 else {
            context.release()
            return false
        }
        #if canImport(Glibc)
            pthread_detach(thread)
        #else
            if let thread { pthread_detach(thread) }
        #endif
        return true
    }

    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    #if canImport(Darwin)
        private static let main:
            @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = { context in
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }
    #else
        private static let main:
            @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
                if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }
    #endif

    /// Names the calling thread.
    private static func show(_ name: String) {
        #if os(Linux)
            let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
            guard file >= 0 else { return }
            _ = write(file, Array(name.utf8), name.utf8.count)
            close(file)
        #elseif canImport(Darwin)
            pthread_setname_np(name)
        #endif
    }

    /// Lowers the priority of the calling thread.
    private static func yieldToOthers() {
        #if os(Linux)
            // On Linux, the nice value belongs to the thread.
            _ = nice(10)
        #elseif canImport(Darwin)
            pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0)
        #endif
    }
}
