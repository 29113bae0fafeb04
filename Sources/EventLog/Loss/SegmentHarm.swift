/// A change that another process made to the open segment's file.
enum SegmentHarm: Sendable, Equatable {
    /// No file is at its path: it was removed or renamed, or its folder was removed.
    case removed
    /// Another file is at its path.
    case replaced
    /// It is shorter than what was written, or has a hole.
    case cut

    /// A description of the change.
    var words: String {
        switch self {
        case .removed: "the open segment's file was removed or renamed by another process"
        case .replaced: "the open segment's file was replaced by another process"
        case .cut: "the open segment's file was truncated by another process"
        }
    }
}

extension LogFileSystem {
    /// Checks whether the path of the open segment still leads to its first `end` bytes.
    ///
    /// - Parameter joint: Where the last write started: if the file was truncated just before
    ///   that write, it has a hole there instead of the end of a line.
    /// - Returns: nil if the file is unchanged.
    func harm(to file: LogFile, end: Int, joint: Int) -> SegmentHarm? {
        do throws(SystemFault) {
            let named = try facts(file.path)
            let open = try facts(file)
            guard open.isSameFile(as: named) else { return .replaced }
            guard open.bytes >= end else { return .cut }
            guard joint > 0 else { return nil }
            return try read(file, at: joint - 1, count: 1) == [UInt8(ascii: "\n")] ? nil : .cut
        } catch {
            // A call that fails for another reason shows no harm; the next check repeats it.
            return error.isAbsence ? .removed : nil
        }
    }

    /// Copies the first `bytes` of an open file that its path no longer leads to.
    ///
    /// The copy is synced, then renamed to `path`.
    func rescue(
        _ file: LogFile, bytes: Int, to path: String, in folder: String
    ) throws(SystemFault) {
        try replace(path, in: folder) { (target) throws(SystemFault) in
            var at = 0
            while at < bytes {
                let piece = try read(file, at: at, count: min(1 << 20, bytes - at))
                if piece.isEmpty { throw SystemFault("read", file.path, code: SystemFault.absence) }
                try writeAll(target, piece, at: at)
                at += piece.count
            }
        }
    }
}
