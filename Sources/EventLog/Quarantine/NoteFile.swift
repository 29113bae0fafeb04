#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The file of one reader's `ReadingNote`.
///
/// Does not use `LogFileSystem`, because the log's guarantees do not depend on it: if a call
/// fails (a full disk), a crash is not recorded.
final class NoteFile: Sendable {
    private let descriptor: Int32

    /// Opens the file, or creates it (0600).
    init(_ path: String) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    }

    deinit { if descriptor >= 0 { _ = close(descriptor) } }

    /// Returns the note; an empty one if the file is missing or torn.
    func read() -> ReadingNote {
        var bytes = [UInt8](repeating: 0, count: ReadingNote.size)
        guard descriptor >= 0,
            pread(descriptor, &bytes, bytes.count, 0) == bytes.count
        else { return ReadingNote() }
        return ReadingNote(bytes) ?? ReadingNote()
    }

    /// Returns the note at a start of the process. What it was reading when it ended is suspected,
    /// and the file contains that.
    func readAtStart() -> ReadingNote {
        var note = read()
        guard note.open != nil else { return note }
        note.countDeath()
        write(note)
        return note
    }

    func write(_ note: ReadingNote) {
        let bytes = note.encoded
        // One call: the kernel writes so few bytes as a whole, or the checksum detects it.
        if descriptor >= 0 { _ = pwrite(descriptor, bytes, bytes.count, 0) }
    }
}
