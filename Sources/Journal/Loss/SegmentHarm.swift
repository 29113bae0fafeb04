/// What something other than the log did to the open segment's file.
enum SegmentHarm: Sendable, Equatable {
    /// Nothing is at its name: removed, renamed, or its folder is gone.
    case removed
    /// Something else is at its name.
    case replaced
    /// It is shorter than what was written, or a part of it is blank.
    case cut

    /// In words, after the file's name.
    var words: String {
        switch self {
        case .removed: "the open segment's file was removed or renamed by somebody else"
        case .replaced: "something else was put in the place of the open segment's file"
        case .cut: "the open segment's file was truncated by somebody else"
        }
    }
}

extension LogFileSystem {
    /// Whether the open segment's first `end` bytes can still be reached by its name. nil: they can.
    ///
    /// - Parameter joint: Where the last write began: a file that was cut just before it has a
    ///   hole there instead of the end of a line.
    func harm(to file: LogFile, end: Int, joint: Int) -> SegmentHarm? {
        guard let named = try? facts(file.path) else { return .removed }
        guard let open = try? facts(file), open.isSameFile(as: named) else { return .replaced }
        guard open.bytes >= end else { return .cut }
        guard joint > 0 else { return nil }
        var last: UInt8 = 0
        let got = withUnsafeMutableBytes(of: &last) { buffer -> Int in
            (try? read(file, into: buffer, at: joint - 1)) ?? 0
        }
        return got == 1 && last == UInt8(ascii: "\n") ? nil : .cut
    }

    /// Puts the first `bytes` of an open file, which its name does not lead to any more, at
    /// `path`: synced, then renamed into place.
    func rescue(
        _ file: LogFile, bytes: Int, to path: String, in folder: String
    ) throws(SystemFault) {
        let aside = path + SegmentName.temporary
        let target = try openToWrite(aside, fresh: true)
        do throws(SystemFault) {
            defer { close(target) }
            var at = 0
            while at < bytes {
                let piece = try read(file, at: at, count: min(1 << 20, bytes - at))
                if piece.isEmpty { throw SystemFault("read", file.path, code: SystemFault.absence) }
                try writeAll(target, piece, at: at)
                at += piece.count
            }
            try sync(target)
        } catch {
            try? remove(aside)
            throw error
        }
        try rename(aside, to: path)
        try syncFolder(folder)
    }
}
