public import Events

/// An error of the event log: what failed, where, and what to do.
public enum EventLogError: Error, Sendable, Equatable {
    /// Another process holds the lock; `pid` is 0 if the lock file does not contain it.
    case locked(path: String, pid: Int32)
    /// A call of the operating system failed.
    case system(call: String, path: String, code: Int32)
    /// The store of archives could not be read: what failed, where, and what to do.
    case store(fault: String)
    /// The line exceeds the maximum length.
    case lineTooLong(bytes: Int, limit: Int)
    /// The event to append does not form a valid line.
    case invalidEvent(EventFault)
    /// The log accepts no lines at present; retry later.
    case shedding(ShedReason)
    /// The node exceeded its share of the log while older segments must be removed; retry later.
    case overShare
    /// The queue of bytes waiting for the disk is full; retry soon.
    case busy(waitingBytes: Int)
    /// The log is closed.
    case closed
    /// The log is a copy of another node's, which takes the lines.
    case isCopy
    /// A segment's bytes are damaged.
    case damaged(path: String, what: String)
    /// A count by this field has more values than may be held.
    case tooManyValues(field: String)
    /// The configuration is invalid.
    case configuration(field: String, why: String)
}

/// Why the log accepts no lines.
public enum ShedReason: String, Sendable, Equatable, CaseIterable {
    /// The disk rejected a write for lack of space (ENOSPC, EDQUOT, EFBIG).
    case diskFull = "disk_full"
    /// A write or sync failed (EIO and others).
    case diskFault = "disk_fault"
    /// `log.max_bytes` is used up and no sealed segment is left to remove.
    case quota
    /// Free space is below `log.min_free` and no sealed segment may be removed.
    case minFree = "min_free"
    /// The lock file was removed and another process now holds the log; restart to recover.
    case lockLost = "lock_lost"
}

extension EventLogError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .locked(let path, let pid):
            "\(path): held by "
                + (pid > 0 ? "process \(pid)" : "another process")
                + "; only one process may write a log: stop it or choose another data_dir"
        case .system(let call, let path, let code):
            "\(path): \(call) failed: \(SystemFault.words(code)); check the disk, its space and the permissions"
        case .store(let fault): fault
        case .lineTooLong(let bytes, let limit):
            "the line has \(bytes) bytes; send lines of at most \(limit)"
        case .invalidEvent(let fault):
            "the event cannot be written as a line: \(fault)"
        case .tooManyValues(let field):
            "too many lines have a value of \(field) of their own to count them by it: select fewer "
                + "lines with where, since and until, or count by a field with fewer values"
        case .shedding(let reason):
            "the log accepts no lines now (\(reason.rawValue)); retry later, nothing was stored"
        case .overShare:
            "this node has used up its share of the full log (log.per_node_share); retry in a minute, nothing was stored"
        case .busy(let waiting):
            "\(waiting) bytes are already waiting for the disk; retry in a second"
        case .closed:
            "the log is closed; retry after the restart"
        case .isCopy:
            "this node follows another one, which takes the lines; send them there"
        case .damaged(let path, let what):
            "\(path): \(what); run `bellwether logs verify --repair`"
        case .configuration(let field, let why):
            "log.\(field): \(why)"
        }
    }
}
