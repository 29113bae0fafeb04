/// What the kernel tells about one process.
struct ProcessEntry: Sendable, Equatable {
    /// The kernel's name, cut to what the kernel keeps.
    var name: String
    /// The file name of the first argument; empty when not known or not needed.
    var command: String
    var isZombie: Bool
    var residentBytes: UInt64

    /// `expected` is the kernel's name, or the name that the kernel had to cut.
    func isNamed(_ expected: String) -> Bool {
        name == expected
            || (expected.utf8.count > ProcessTable.nameLimit && command == expected)
    }
}

/// The processes of this machine, as far as this user may see them.
///
/// The calls may block: use a `BlockingLane`.
enum ProcessTable {}
