/// An open file of the log.
struct LogFile: Sendable, Hashable {
    let descriptor: Int32
    let path: String
}

/// Metadata of a file.
struct FileFacts: Sendable, Equatable {
    var bytes: Int
    /// Bytes of the blocks that the file occupies.
    var allocated: Int
    /// The inode number; distinguishes files that had the same name at different times.
    var identity: UInt64
    /// The file system's device number.
    var device: UInt64 = 0
    /// Modification time in milliseconds since the epoch.
    var modified: Int64

    func isSameFile(as other: FileFacts) -> Bool {
        identity == other.identity && device == other.device
    }
}

/// The log's system calls on files. Tests can make any of them fail, shorten writes or record
/// them.
///
/// Every call blocks and must not run on the cooperative pool.
protocol LogFileSystem: Sendable {
    /// Creates a folder (0700); does nothing if it exists.
    func makeFolder(_ path: String) throws(SystemFault)
    func names(in folder: String) throws(SystemFault) -> [String]
    func openToRead(_ path: String) throws(SystemFault) -> LogFile
    /// Opens for reading and writing and creates a missing file (0600); `fresh` empties the file.
    func openToWrite(_ path: String, fresh: Bool) throws(SystemFault) -> LogFile
    func close(_ file: LogFile)
    /// One write at `offset`; may write fewer bytes than given, but at least one.
    func write(
        _ file: LogFile, _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(SystemFault) -> Int
    /// One read at `offset`; returns 0 at the end of the file.
    func read(
        _ file: LogFile, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(SystemFault) -> Int
    /// Returns when the file's bytes are on stable storage.
    func sync(_ file: LogFile) throws(SystemFault)
    /// Returns when the names in `folder` are on stable storage.
    func syncFolder(_ folder: String) throws(SystemFault)
    /// Allocates blocks for the first `bytes`.
    func allocate(_ file: LogFile, bytes: Int) throws(SystemFault)
    /// Hints that the synced bytes before `offset` will not be read soon, so that the system can
    /// free their memory. Never fails.
    func release(_ file: LogFile, before offset: Int)
    func truncate(_ file: LogFile, to bytes: Int) throws(SystemFault)
    func rename(_ from: String, to: String) throws(SystemFault)
    func remove(_ path: String) throws(SystemFault)
    func facts(_ path: String) throws(SystemFault) -> FileFacts
    func facts(_ file: LogFile) throws(SystemFault) -> FileFacts
    /// Bytes that an unprivileged user may still write, and the disk's size.
    func space(at path: String) throws(SystemFault) -> (free: Int, total: Int)
    /// Whether a read may wait for a network.
    var isDistant: Bool { get }
    /// Hints that these parts will be read soon, so that they can be read together. Never fails.
    func expect(_ parts: [(path: String, range: Range<Int>)])
}

extension LogFileSystem {
    func release(_ file: LogFile, before offset: Int) {}
    var isDistant: Bool { false }
    func expect(_ parts: [(path: String, range: Range<Int>)]) {}

    /// Writes all of `bytes` at `offset`, continuing after short writes.
    func writeAll(
        _ file: LogFile, _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(SystemFault) {
        var done = 0
        while done < bytes.count {
            done += try write(
                file, UnsafeRawBufferPointer(rebasing: bytes[done...]), at: offset + done)
        }
    }

    func writeAll(_ file: LogFile, _ bytes: [UInt8], at offset: Int) throws(SystemFault) {
        var fault: SystemFault?
        bytes.withUnsafeBytes { raw in
            do throws(SystemFault) { try writeAll(file, raw, at: offset) } catch { fault = error }
        }
        if let fault { throw fault }
    }

    /// Up to `count` bytes from `offset`, fewer only at the end of the file.
    func read(_ file: LogFile, at offset: Int, count: Int) throws(SystemFault) -> [UInt8] {
        var fault: SystemFault?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(SystemFault) {
                filled = try fill(
                    UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]),
                    from: file, at: offset)
            } catch { fault = error }
        }
        if let fault { throw fault }
        return bytes
    }

    /// As `read(_:at:count:)`, but replaces the bytes of an array to reuse its memory.
    func read(
        _ file: LogFile, into bytes: inout [UInt8], at offset: Int, count: Int
    ) throws(SystemFault) {
        if bytes.count < count {
            bytes = try read(file, at: offset, count: count)
            return
        }
        var fault: SystemFault?
        let filled = bytes.withUnsafeMutableBytes { buffer -> Int in
            do throws(SystemFault) {
                return try fill(
                    UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), from: file,
                    at: offset)
            } catch {
                fault = error
                return 0
            }
        }
        if let fault { throw fault }
        bytes.removeLast(bytes.count - filled)
    }

    private func fill(
        _ buffer: UnsafeMutableRawBufferPointer, from file: LogFile, at offset: Int
    ) throws(SystemFault) -> Int {
        var filled = 0
        while filled < buffer.count {
            let got = try read(
                file, into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]),
                at: offset + filled)
            if got == 0 { break }
            filled += got
        }
        return filled
    }

    /// Whether there is a file with this name. A name that cannot be examined is an error.
    func exists(_ path: String) throws(SystemFault) -> Bool {
        do throws(SystemFault) {
            _ = try facts(path)
            return true
        } catch {
            if error.isAbsence { return false }
            throw error
        }
    }

    /// The contents of a small file; nil if there is none.
    ///
    /// At most 512 MiB, more than any small file has: a file may be sparse and have any size. Its
    /// checksum does not match then.
    func contents(_ path: String) throws(SystemFault) -> [UInt8]? {
        let file: LogFile
        do { file = try openToRead(path) } catch {
            if error.isAbsence { return nil }
            throw error
        }
        defer { close(file) }
        return try read(file, at: 0, count: min(try facts(file).bytes, 1 << 29))
    }

    /// Replaces a file atomically: writes a temporary file, syncs it, renames it and syncs the
    /// folder.
    func replace(_ path: String, in folder: String, with bytes: [UInt8]) throws(SystemFault) {
        try replace(path, in: folder) { (file) throws(SystemFault) in
            try writeAll(file, bytes, at: 0)
        }
    }

    /// Replaces a file as above with what `body` writes into the temporary one.
    func replace(
        _ path: String, in folder: String, writing body: (LogFile) throws(SystemFault) -> Void
    ) throws(SystemFault) {
        let aside = path + SegmentName.temporary
        let file = try openToWrite(aside, fresh: true)
        do throws(SystemFault) {
            defer { close(file) }
            try body(file)
            try sync(file)
        } catch {
            try? remove(aside)
            throw error
        }
        try rename(aside, to: path)
        try syncFolder(folder)
    }
}
