public import Events

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension SelfSignedCertificate {
    /// The certificate and key files in `directory`, created or replaced if needed. Blocks.
    ///
    /// `certificate.pem` has mode 0644 and `key.pem` mode 0600. An existing pair is used if it is
    /// valid for `names`. Each file is written atomically. A pair that does not match, as after a
    /// crash between the two writes, is replaced.
    public static func files(
        in directory: String, names: [String], clock: WallClock = .system
    ) throws(ServerError) -> TLSFiles {
        let files = TLSFiles(
            certificate: directory + "/certificate.pem", key: directory + "/key.pem")
        if let certificate = read(files.certificate), let key = read(files.key),
            SelfSignedCertificate(certificatePEM: certificate, keyPEM: key)
                .serves(names, at: clock.now)
        {
            return files
        }
        let made = try make(names: names, now: clock.now)
        if mkdir(directory, 0o700) != 0, errno != EEXIST { throw fault(directory, "be made") }
        try write(made.keyPEM, to: files.key, mode: 0o600)
        try write(made.certificatePEM, to: files.certificate, mode: 0o644)
        return files
    }

    private static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 64 * 1024)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    private static func write(_ text: String, to path: String, mode: mode_t) throws(ServerError) {
        let temporary = path + ".\(getpid()).new"
        // The mode is set at creation, so the key is never readable by others.
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw fault(temporary, "be written") }
        var isWritten = fchmod(descriptor, mode) == 0
        var rest = Array(text.utf8)[...]
        while isWritten, !rest.isEmpty {
            let count = rest.withUnsafeBytes { putBytes(descriptor, $0) }
            if count > 0 { rest = rest.dropFirst(count) } else { isWritten = errno == EINTR }
        }
        isWritten = isWritten && fsync(descriptor) == 0
        isWritten = close(descriptor) == 0 && isWritten
        guard isWritten, rename(temporary, path) == 0 else {
            let fault = fault(path, "be written")
            unlink(temporary)
            throw fault
        }
    }

    private static func fault(_ path: String, _ what: String) -> ServerError {
        ServerError(
            place: path, fault: "cannot \(what): \(String(cString: strerror(errno)))",
            remedy: "check that data_dir is writable and has room")
    }
}

/// Calls `write(2)`; the free function avoids the name conflict with the static `write`.
private func putBytes(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}
