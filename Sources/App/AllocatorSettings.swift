import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// The settings of the C library's allocator, made once at start.
///
/// glibc gives threads heaps ("arenas") of their own, up to eight for each core, and a block that is
/// freed in one serves only that one. It also raises its own thresholds as a process frees large
/// blocks, so that memory of a burst of large bodies stays with the process. Both are bounded here.
/// Other allocators need neither: there `apply` does nothing.
enum AllocatorSettings {
    /// Sets both bounds. Call it before the process has many threads.
    static func apply() {
        #if canImport(Glibc)
            // mallopt(3), which Swift's module of glibc leaves out, so it is looked up by name.
            typealias Mallopt = @convention(c) (CInt, CInt) -> CInt
            guard let address = dlsym(nil, "mallopt") else { return }
            // Safe: the C library declares `int mallopt(int, int)`.
            let mallopt = unsafeBitCast(address, to: Mallopt.self)
            let cores = ProcessInfo.processInfo.activeProcessorCount
            _ = mallopt(arenaMax, CInt(clamping: max(1, cores / 2)))
            _ = mallopt(mmapThreshold, 128 << 10)
            _ = mallopt(trimThreshold, 1 << 20)
        #endif
    }

    // Values of <malloc.h>, part of glibc's ABI.
    private static let trimThreshold: CInt = -1
    private static let mmapThreshold: CInt = -3
    private static let arenaMax: CInt = -8
}
