#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Tells whether a file changed since it was looked at: differs whenever the
/// file does. A mounted Secret is replaced whole, so the inode counts.
public struct FileMark: Hashable, Sendable {
    private let inode: UInt64
    private let size: Int64
    private let changed: Int64
    private let changedNanoseconds: Int64

    /// nil when there is no such file (or it cannot be seen). Blocks.
    public init?(path: String) {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        #if canImport(Darwin)
            let time = facts.st_ctimespec
        #else
            let time = facts.st_ctim
        #endif
        inode = UInt64(facts.st_ino)
        size = Int64(facts.st_size)
        changed = Int64(time.tv_sec)
        changedNanoseconds = Int64(time.tv_nsec)
    }
}
