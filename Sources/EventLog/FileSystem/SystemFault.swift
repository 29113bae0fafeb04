#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A failed system call, or a failed request to a store of segments.
struct SystemFault: Error, Equatable {
    let call: String
    let path: String
    let code: Int32
    /// What a store answered; nil for a system call.
    var store: String?

    /// Reads the calling thread's `errno` at once by default.
    init(_ call: String, _ path: String, code: Int32 = errno) {
        self.call = call
        self.path = path
        self.code = code
    }

    /// A store's fault; the absence of a file is one of a system call too.
    init(_ call: String, _ path: String, _ fault: SegmentStoreFault) {
        self.init(call, path, code: fault.isAbsence ? ENOENT : EIO)
        store = fault.description
    }

    var eventLogError: EventLogError {
        if let store { return .store(fault: store) }
        return .system(call: call, path: path, code: code)
    }

    /// The log's reaction; distinguishes full disks from faulty ones.
    var shedReason: ShedReason {
        code == ENOSPC || code == EDQUOT || code == EFBIG ? .diskFull : .diskFault
    }

    var isAbsence: Bool { code == ENOENT }

    static func words(_ code: Int32) -> String {
        guard let text = strerror(code) else { return "error \(code)" }
        return String(cString: text)
    }
}

extension SystemFault {
    /// The error code of a path that does not exist.
    static let absence = ENOENT
    /// The error code where no further thread may be started.
    static let noThread = EAGAIN
}
