/// Why a rehearsal stopped, with its exit code.
public struct RehearsalFault: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Int32, Sendable {
        /// A step failed, or the state could not be read.
        case failed = 1
        /// A precondition does not hold; nothing was changed.
        case precondition = 2
        /// The state differs from the bookmark.
        case drift = 3
        /// The rollback took longer than its budget.
        case overtime = 4
    }

    public let kind: Kind
    /// What failed, where, and what to do.
    public let description: String

    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
