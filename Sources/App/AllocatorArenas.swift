import CAllocator
import Foundation

/// How many heaps the C library keeps beside each other.
///
/// glibc gives threads heaps of their own, up to eight for each core, and what is freed in one
/// serves only that one: the same live data takes half as much again. Small blocks are kept
/// ready for each thread in any case, so that few heaps cost no throughput here.
enum AllocatorArenas {
    /// To be called before there are many threads.
    static func limit() {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        bellwether_limit_arenas(Int32(clamping: max(1, cores / 2)))
    }
}
