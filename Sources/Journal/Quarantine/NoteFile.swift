#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The file of one reader's `ReadingNote`.
///
/// Outside of `LogFileSystem`: nothing that the log promises depends on it, so a call that
/// fails (a full disk) only means that a crash is not noted.
final class NoteFile: Sendable {
    private let descriptor: Int32

    /// Opens the file, or makes it (0600).
    init(_ path: String) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    }

    deinit { if descriptor >= 0 { _ = close(descriptor) } }

    /// An empty note when there is none, or it is torn.
    func read() -> ReadingNote {
        var bytes = [UInt8](repeating: 0, count: ReadingNote.size)
        guard descriptor >= 0,
            pread(descriptor, &bytes, bytes.count, 0) == bytes.count
        else { return ReadingNote() }
        return ReadingNote(bytes) ?? ReadingNote()
    }

    func write(_ note: ReadingNote) {
        let bytes = note.encoded
        // One call: the kernel copies so few bytes whole, or the checksum shows it.
        if descriptor >= 0 { _ = pwrite(descriptor, bytes, bytes.count, 0) }
    }
}
