#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#endif

/// Settings of the C library's allocator, applied once at start.
///
/// glibc gives threads their own heaps ("arenas"), up to eight per core, and a block that is freed
/// in one arena serves only that arena. glibc also raises its thresholds as a process frees large
/// blocks, so that the process keeps the memory of a burst of large bodies. `apply` bounds the
/// number of arenas and fixes the thresholds. It does nothing on other C libraries.
///
/// Blocks from the mapping threshold up are returned to the system when they are freed, and each
/// new one costs a page fault for every 4 KiB. The buffers in which connections and log readers
/// read, up to 256 KiB each, stay below it: they are needed again and again.
enum AllocatorSettings {
    /// Applies the settings. Call it before the process has many threads.
    static func apply() {
        #if canImport(Glibc)
            // Swift's module of glibc lacks mallopt(3), so it is looked up by name.
            typealias Mallopt = @convention(c) (CInt, CInt) -> CInt
            guard let address = dlsym(nil, "mallopt") else { return }
            // Safe: the C library declares `int mallopt(int, int)`.
            let mallopt = unsafeBitCast(address, to: Mallopt.self)
            let cores = ProcessInfo.processInfo.activeProcessorCount
            _ = mallopt(arenaMax, CInt(clamping: max(1, cores / 2)))
            _ = mallopt(mmapThreshold, 512 << 10)
            _ = mallopt(trimThreshold, 1 << 20)
        #endif
    }

    // Values of <malloc.h>, part of glibc's ABI.
    private static let trimThreshold: CInt = -1
    private static let mmapThreshold: CInt = -3
    private static let arenaMax: CInt = -8
}
