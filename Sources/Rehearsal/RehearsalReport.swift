import JSON

/// The steps of a rehearsal and their outcome.
public struct RehearsalReport: Sendable {
    public struct Step: Sendable {
        public enum Outcome: String, Sendable {
            case planned, done, failed
        }

        /// `abort`, `shift`, `wait`, `restore`.
        public let name: String
        /// The command as a person would type it, or what the step waits for.
        public let command: String
        public internal(set) var outcome = Outcome.planned
        public internal(set) var words = ""
        public internal(set) var duration = Duration.zero

        init(_ name: String, _ command: String) {
            self.name = name
            self.command = command
        }
    }

    public internal(set) var steps: [Step] = []
    /// Time from the first change until everything was stable again; nil when that failed.
    public internal(set) var rollback: Duration?
    public internal(set) var budget: Duration
    /// nil when the rehearsal succeeded.
    public internal(set) var fault: RehearsalFault?

    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { w in
            w.member("ok", fault == nil)
            w.member("exit", Int(fault?.kind.rawValue ?? 0))
            w.member("fault", fault?.description)
            w.member("rollback_ms", rollback.map(Self.milliseconds))
            w.member("budget_ms", Self.milliseconds(budget))
            w.member(array: "steps") { w in
                for step in steps {
                    w.object { w in
                        w.member("step", step.name)
                        w.member("command", step.command)
                        w.member("outcome", step.outcome.rawValue)
                        w.member("words", step.words)
                        w.member("ms", Self.milliseconds(step.duration))
                    }
                }
            }
        }
        return writer.bytes
    }

    static func milliseconds(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        return Int(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}

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
