import Core
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
        do throws(FileFault) {
            try AtomicFile.write(text.utf8, to: path, mode: mode)
        } catch {
            throw ServerError(
                place: error.path, fault: "cannot \(error.call): \(error.reason)", remedy: remedy)
        }
    }

    private static let remedy = "check that data_dir is writable and has free space"

    private static func fault(_ path: String, _ what: String) -> ServerError {
        ServerError(
            place: path, fault: "cannot \(what): \(String(cString: strerror(errno)))",
            remedy: remedy)
    }
}
