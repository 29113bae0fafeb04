#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Identifies a version of a file; compare two marks to detect a change.
///
/// Includes the inode because a mounted Secret is replaced, not rewritten.
public struct FileMark: Hashable, Sendable {
    private let inode: UInt64
    private let size: Int64
    private let changed: Int64
    private let changedNanoseconds: Int64

    /// Returns nil if the file does not exist or is not accessible. Blocks.
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
