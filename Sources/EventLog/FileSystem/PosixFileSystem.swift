import Events

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The operating system's file system.
struct PosixFileSystem: LogFileSystem {
    private let reading = SpaceReading()

    func makeFolder(_ path: String) throws(SystemFault) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw SystemFault("mkdir", path) }
    }

    func names(in folder: String) throws(SystemFault) -> [String] {
        guard let stream = opendir(folder) else { throw SystemFault("opendir", folder) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    func openToRead(_ path: String) throws(SystemFault) -> LogFile {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemFault("open", path) }
        return LogFile(descriptor: descriptor, path: path)
    }

    func openToWrite(_ path: String, fresh: Bool) throws(SystemFault) -> LogFile {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | (fresh ? O_TRUNC : 0)
        let descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else { throw SystemFault("open", path) }
        return LogFile(descriptor: descriptor, path: path)
    }

    func close(_ file: LogFile) { _ = closeDescriptor(file.descriptor) }

    func write(
        _ file: LogFile, _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(SystemFault) -> Int {
        while true {
            let done = pwrite(file.descriptor, bytes.baseAddress, bytes.count, off_t(offset))
            if done > 0 || (done == 0 && bytes.isEmpty) { return done }
            // Throws, because the caller would loop forever on a write of zero bytes.
            if done == 0 { throw SystemFault("write", file.path, code: EIO) }
            if errno != EINTR { throw SystemFault("write", file.path) }
        }
    }

    func read(
        _ file: LogFile, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(SystemFault) -> Int {
        while true {
            let got = pread(file.descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            if got >= 0 { return got }
            if errno != EINTR { throw SystemFault("read", file.path) }
        }
    }

    func sync(_ file: LogFile) throws(SystemFault) {
        #if canImport(Darwin)
            // On Darwin, fsync leaves the data in the drive's cache.
            guard fcntl(file.descriptor, F_FULLFSYNC) == 0 || fsync(file.descriptor) == 0 else {
                throw SystemFault("fsync", file.path)
            }
        #else
            guard fdatasync(file.descriptor) == 0 else { throw SystemFault("fdatasync", file.path) }
        #endif
    }

    func syncFolder(_ folder: String) throws(SystemFault) {
        let file = try openToRead(folder)
        defer { close(file) }
        guard fsync(file.descriptor) == 0 else { throw SystemFault("fsync", folder) }
    }

    func allocate(_ file: LogFile, bytes: Int) throws(SystemFault) {
        #if canImport(Darwin)
            var request = fstore_t(
                fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0,
                fst_length: off_t(bytes), fst_bytesalloc: 0)
            guard fcntl(file.descriptor, F_PREALLOCATE, &request) != -1 else {
                throw SystemFault("fcntl", file.path)
            }
        #else
            let code = posix_fallocate(file.descriptor, 0, off_t(bytes))
            guard code == 0 else { throw SystemFault("fallocate", file.path, code: code) }
        #endif
    }

    func release(_ file: LogFile, before offset: Int) {
        #if canImport(Glibc) || canImport(Musl)
            posix_fadvise(file.descriptor, 0, off_t(offset), POSIX_FADV_DONTNEED)
        #endif
    }

    func truncate(_ file: LogFile, to bytes: Int) throws(SystemFault) {
        guard ftruncate(file.descriptor, off_t(bytes)) == 0 else {
            throw SystemFault("ftruncate", file.path)
        }
        reading.forget()
    }

    func rename(_ from: String, to: String) throws(SystemFault) {
        guard renameFile(from, to) == 0 else { throw SystemFault("rename", from) }
    }

    func remove(_ path: String) throws(SystemFault) {
        guard unlink(path) == 0 else { throw SystemFault("unlink", path) }
        reading.forget()
    }

    func facts(_ path: String) throws(SystemFault) -> FileFacts {
        var found = stat()
        guard stat(path, &found) == 0 else { throw SystemFault("stat", path) }
        return FileFacts(found)
    }

    func facts(_ file: LogFile) throws(SystemFault) -> FileFacts {
        var found = stat()
        guard fstat(file.descriptor, &found) == 0 else { throw SystemFault("fstat", file.path) }
        return FileFacts(found)
    }

    func space(at path: String) throws(SystemFault) -> (free: Int, total: Int) {
        if let recent = reading.recent(at: path) { return recent }
        var found = statvfs()
        guard statvfs(path, &found) == 0 else { throw SystemFault("statvfs", path) }
        // Network file systems report any number, the greatest one for "no limit".
        let unit = Int(clamping: found.f_frsize)
        let space = (
            free: Int(clamping: found.f_bavail) *| unit,
            total: Int(clamping: found.f_blocks) *| unit
        )
        reading.note(space, at: path)
        return space
    }
}

// The methods above hide the C functions of the same name.
private func closeDescriptor(_ descriptor: Int32) -> Int32 { close(descriptor) }
private func renameFile(_ from: String, _ to: String) -> Int32 { rename(from, to) }

extension FileFacts {
    fileprivate init(_ found: stat) {
        #if canImport(Darwin)
            let changed = found.st_mtimespec
        #else
            let changed = found.st_mtim
        #endif
        self.init(
            bytes: Int(found.st_size), allocated: Int(found.st_blocks) *| 512,
            identity: UInt64(found.st_ino),
            device: UInt64(truncatingIfNeeded: found.st_dev),
            // Anybody may set a file's time, on some file systems to the greatest number.
            modified: Int64(changed.tv_sec) *| 1000 +| Int64(changed.tv_nsec) / 1_000_000)
    }
}
