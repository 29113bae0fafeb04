public import Events

/// Why the log could not do what was asked, where, and what helps.
public enum JournalError: Error, Sendable, Equatable {
    /// Another process holds the log; `pid` is 0 when the lock file doesn't say.
    case locked(path: String, pid: Int32)
    /// A call of the operating system failed.
    case system(call: String, path: String, code: Int32)
    /// The line is longer than a line may be.
    case lineTooLong(bytes: Int, limit: Int)
    /// The appended event can't be a line of the log.
    case invalidEvent(EventFault)
    /// The log takes no lines at present; retry later.
    case shedding(ShedReason)
    /// The node's lines take their share of the log while others' have to go; retry later.
    case overShare
    /// More bytes wait for the disk than the queue may hold; retry soon.
    case busy(waitingBytes: Int)
    /// The log was closed.
    case closed
    /// The bytes of a segment are not what was written.
    case damaged(path: String, what: String)
    /// The configuration can't work.
    case configuration(field: String, why: String)
}

/// Why the log takes no lines.
public enum ShedReason: String, Sendable, Equatable, CaseIterable {
    /// The disk refused a write for want of space (ENOSPC, EDQUOT).
    case diskFull = "disk_full"
    /// The disk failed a write or a sync (EIO and others).
    case diskFault = "disk_fault"
    /// `log.max_bytes` is used up and nothing sealed is left to remove.
    case quota
    /// Free space fell below `log.min_free` and nothing sealed is left to remove.
    case minFree = "min_free"
    /// The lock file was removed and another process took the log over: only a restart helps.
    case lockLost = "lock_lost"
}

extension JournalError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .locked(let path, let pid):
            "\(path): held by "
                + (pid > 0 ? "process \(pid)" : "another process")
                + "; one process at a time may write a log: stop that one or choose another data_dir"
        case .system(let call, let path, let code):
            "\(path): \(call) failed: \(SystemFault.words(code)); check the disk, its space and the permissions"
        case .lineTooLong(let bytes, let limit):
            "the line has \(bytes) bytes; send lines of at most \(limit)"
        case .invalidEvent(let fault):
            "the event can't become a line: \(fault)"
        case .shedding(let reason):
            "the log takes no lines now (\(reason.rawValue)); retry later, nothing of this was kept"
        case .overShare:
            "this node's lines take their whole share (log.per_node_share) while the log is full; retry in a minute, nothing of this was kept"
        case .busy(let waiting):
            "\(waiting) bytes already wait for the disk; retry in a second"
        case .closed:
            "the log is closed; retry after the restart"
        case .damaged(let path, let what):
            "\(path): \(what); run `bellwether logs verify --repair`"
        case .configuration(let field, let why):
            "log.\(field): \(why)"
        }
    }
}
