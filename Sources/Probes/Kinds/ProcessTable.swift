/// The kernel's data about one process.
struct ProcessEntry: Sendable, Equatable {
    /// The kernel's name, possibly truncated.
    var name: String
    /// On Linux, the file name of the first argument, and empty if the name was not truncated; on
    /// macOS, the executable's file name. Empty if unknown.
    var command: String
    var isZombie: Bool
    var residentBytes: UInt64

    /// Whether `expected` is the kernel's name, or the full name where the kernel truncated it.
    func isNamed(_ expected: String) -> Bool {
        name == expected
            || (expected.utf8.count > ProcessTable.nameLimit && command == expected)
    }
}

/// Lists the processes that this user may see.
///
/// The calls may block: use a `BlockingExecutor`.
enum ProcessTable {}
