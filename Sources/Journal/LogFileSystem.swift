/// An open file of the log.
struct LogFile: Sendable, Hashable {
    let descriptor: Int32
    let path: String
}

/// What the log wants to know of a file.
struct FileFacts: Sendable, Equatable {
    var bytes: Int
    /// Bytes of the blocks that the file occupies.
    var allocated: Int
    /// Distinguishes files that had the same name at different times.
    var identity: UInt64
    /// Of which file system.
    var device: UInt64 = 0
    /// Milliseconds since the epoch.
    var modified: Int64

    func isSameFile(as other: FileFacts) -> Bool {
        identity == other.identity && device == other.device
    }
}

/// The calls that the log makes to the disk, so that tests can make any of them
/// fail, cut writes short, or record them.
///
/// Every call blocks: nothing calls them on the cooperative pool.
protocol LogFileSystem: Sendable {
    /// Makes a folder (0700); one that is there is fine.
    func makeFolder(_ path: String) throws(SystemFault)
    func names(in folder: String) throws(SystemFault) -> [String]
    func openToRead(_ path: String) throws(SystemFault) -> LogFile
    /// Opens for reading and writing, makes the file (0640) when absent; `fresh` empties it.
    func openToWrite(_ path: String, fresh: Bool) throws(SystemFault) -> LogFile
    func close(_ file: LogFile)
    /// One write at `offset`; may write fewer bytes than given, at least one.
    func write(
        _ file: LogFile, _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(SystemFault) -> Int
    /// One read; 0 at the end of the file.
    func read(
        _ file: LogFile, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(SystemFault) -> Int
    /// Returns when the file's bytes are on stable storage.
    func sync(_ file: LogFile) throws(SystemFault)
    /// Returns when the names in `folder` are on stable storage.
    func syncFolder(_ folder: String) throws(SystemFault)
    /// Takes the blocks of the first `bytes`, so that writing them can't lack room.
    func allocate(_ file: LogFile, bytes: Int) throws(SystemFault)
    /// The bytes before `offset`, which are synced, won't be read soon: the system
    /// may use their memory for others. A hint; never fails.
    func release(_ file: LogFile, before offset: Int)
    func truncate(_ file: LogFile, to bytes: Int) throws(SystemFault)
    func rename(_ from: String, to: String) throws(SystemFault)
    func remove(_ path: String) throws(SystemFault)
    func facts(_ path: String) throws(SystemFault) -> FileFacts
    func facts(_ file: LogFile) throws(SystemFault) -> FileFacts
    /// Bytes that we may still write, and the disk's size.
    func space(at path: String) throws(SystemFault) -> (free: Int, total: Int)
}

extension LogFileSystem {
    func release(_ file: LogFile, before offset: Int) {}

    /// Writes all of `bytes` at `offset`, continuing short writes.
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

    /// The same into an array that is used again, whose bytes are replaced.
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

    /// The whole of a small file; nil when there is none.
    func contents(_ path: String) throws(SystemFault) -> [UInt8]? {
        let file: LogFile
        do { file = try openToRead(path) } catch {
            if error.isAbsence { return nil }
            throw error
        }
        defer { close(file) }
        return try read(file, at: 0, count: try facts(file).bytes)
    }

    /// Puts a file in place whole: written aside, synced, renamed, folder synced.
    func replace(_ path: String, in folder: String, with bytes: [UInt8]) throws(SystemFault) {
        let aside = path + ".tmp"
        let file = try openToWrite(aside, fresh: true)
        do throws(SystemFault) {
            defer { close(file) }
            try writeAll(file, bytes, at: 0)
            try sync(file)
        } catch {
            try? remove(aside)
            throw error
        }
        try rename(aside, to: path)
        try syncFolder(folder)
    }
}
