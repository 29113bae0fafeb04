#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A call of the operating system that failed.
struct SystemFault: Error, Equatable {
    let call: String
    let path: String
    let code: Int32

    /// The calling thread's `errno`, read at once.
    init(_ call: String, _ path: String, code: Int32 = errno) {
        self.call = call
        self.path = path
        self.code = code
    }

    var journalError: JournalError { .system(call: call, path: path, code: code) }

    /// What the log does about it: full disks are told from broken ones.
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
    /// The code of a name that isn't there.
    static let absence = ENOENT
}
