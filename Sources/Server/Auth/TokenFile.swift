import Events

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file of tokens, one a line, such as a mounted Secret with `current` and `next`.
///
/// Blank lines and lines that begin with `#` are left out.
public struct TokenFile: Sendable, Hashable {
    public var path: String
    /// The name that its callers go by.
    public var name: String
    public var scopes: Set<Scope>

    public init(path: String, name: String, scopes: Set<Scope>) {
        self.path = path
        self.name = name
        self.scopes = scopes
    }

    /// Shorter ones could be guessed.
    static let shortest = 16
    /// Larger files are no token files.
    static let largest = 64 * 1024

    /// What a file held when it was read.
    struct Reading: Sendable {
        /// The tokens' hashes and records, none when the file is gone; nil when it is there
        /// and cannot be read.
        var entries: [TokenSnapshot.Entry]?
        /// All that is wrong with it.
        var faults: [ServerError] = []
        /// The first thing that is.
        var fault: ServerError? { faults.first }
    }

    /// All that is wrong with the file as it is now. Blocks.
    public func faults() -> [ServerError] { read(at: WallClock.system.now).faults }

    /// Reads the file; a line that is no token is left out. Blocks.
    func read(at now: Timestamp) -> Reading {
        var bytes: ArraySlice<UInt8>
        do throws(Unreadable) { bytes = try contents()[...] } catch {
            return Reading(entries: error.isGone ? [] : nil, faults: [error.fault])
        }
        // Some editors save a byte order mark; it is no part of the first line.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        if bytes.contains(0) || bytes.starts(with: [0xFF, 0xFE])
            || bytes.starts(with: [0xFE, 0xFF])
        {
            return Reading(
                entries: nil,
                faults: [
                    ServerError(
                        place: path, fault: "is UTF-16 text or no text",
                        remedy: "save it as UTF-8, one token a line")
                ])
        }
        var reading = Reading(entries: [])
        for (index, line) in bytes.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
        ).enumerated() {
            let token = line.drop { $0 == 0x20 || $0 == 0x09 }.reversed()
                .drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }.reversed()
            guard let first = token.first, first != UInt8(ascii: "#") else { continue }
            guard token.count >= Self.shortest else {
                reading.faults.append(
                    ServerError(
                        place: "\(path):\(index + 1)",
                        fault: "a token of under \(Self.shortest) bytes",
                        remedy:
                            "make one with 'bellwether token create' or 32 random bytes in base64"))
                continue
            }
            let base = path.split(separator: "/").last.map(String.init) ?? path
            reading.entries?.append(
                TokenSnapshot.Entry(
                    hash: ContentHash.digest(token),
                    record: TokenRecord(
                        id: "file:\(base)#\(index + 1)", name: name, scopes: scopes, created: now,
                        expires: nil, revoked: nil)))
        }
        return reading
    }

    private struct Unreadable: Error {
        let fault: ServerError
        /// Whether nobody can have a token from it any more, other than for want of descriptors
        /// or a failing disk.
        var isGone = false
    }

    private func unreadable(_ code: Int32) -> Unreadable {
        Unreadable(
            fault: ServerError(
                place: path, fault: "cannot be read: \(String(cString: strerror(code)))",
                remedy: "check auth.token_files and the file's permissions"),
            isGone: [ENOENT, ENOTDIR, EACCES].contains(code))
    }

    private func contents() throws(Unreadable) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(errno) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Self.largest + 1)
        var filled = 0
        while filled < bytes.count {
            let start = filled
            let count = bytes.withUnsafeMutableBytes { raw in
                readBytes(descriptor, into: UnsafeMutableRawBufferPointer(rebasing: raw[start...]))
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(errno) }
            if count == 0 { break }
            filled += count
        }
        guard filled <= Self.largest else {
            throw Unreadable(
                fault: ServerError(
                    place: path, fault: "larger than \(Self.largest) bytes",
                    remedy: "give a file with one token a line"))
        }
        return Array(bytes.prefix(filled))
    }
}

/// `read(2)` under a name that no member shadows.
private func readBytes(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    read(descriptor, buffer.baseAddress, buffer.count)
}
