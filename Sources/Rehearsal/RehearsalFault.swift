/// Why a rehearsal stops, and the exit code that says so.
public struct RehearsalFault: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Int32, Sendable {
        /// A step could not be done, or a state could not be read.
        case failed = 1
        /// What must be so before anything is touched is not so.
        case precondition = 2
        /// The state is not the bookmark's.
        case drift = 3
        /// The rollback took longer than its budget.
        case overtime = 4
    }

    public let kind: Kind
    /// What, where, and what to do.
    public let description: String

    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
