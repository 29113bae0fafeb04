#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A dedicated thread for the loop, which blocks in poll. The cooperative pool must not block.
enum TransferThread {
    /// Runs `loop` to its end on a new detached thread. Returns false if there is no thread.
    static func start(_ loop: sending TransferLoop) -> Bool {
        let context = Unmanaged.passRetained(loop)
        #if canImport(Glibc)
            var thread = pthread_t()
        #else
            var thread: pthread_t?
        #endif
        let code = pthread_create(&thread, nil, main, context.toOpaque())
        guard code == 0 else {
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

    #if canImport(Darwin)
        private static let main:
            @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = {
                Unmanaged<TransferLoop>.fromOpaque($0).takeRetainedValue().run()
                return nil
            }
    #else
        private static let main:
            @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
                if let context {
                    Unmanaged<TransferLoop>.fromOpaque(context).takeRetainedValue().run()
                }
                return nil
            }
    #endif
}
