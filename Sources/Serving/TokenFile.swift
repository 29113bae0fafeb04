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

    /// The tokens' hashes and records. Blocks.
    func read(at now: Timestamp) throws(ServingError) -> [TokenSnapshot.Entry] {
        let bytes = try contents()
        var entries: [TokenSnapshot.Entry] = []
        for (index, line) in bytes.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
        ).enumerated() {
            let token = line.drop { $0 == 0x20 || $0 == 0x09 }.reversed()
                .drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }.reversed()
            guard let first = token.first, first != UInt8(ascii: "#") else { continue }
            guard token.count >= Self.shortest else {
                throw ServingError(
                    place: "\(path):\(index + 1)", fault: "a token of under \(Self.shortest) bytes",
                    remedy: "make one with 'bellwether token create' or 32 random bytes in base64")
            }
            let base = path.split(separator: "/").last.map(String.init) ?? path
            entries.append(
                TokenSnapshot.Entry(
                    hash: ContentHash.digest(token),
                    record: TokenRecord(
                        id: "file:\(base)#\(index + 1)", name: name, scopes: scopes, created: now,
                        expires: nil, revoked: nil)))
        }
        return entries
    }

    private func contents() throws(ServingError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ServingError(
                place: path, fault: "cannot be read: \(String(cString: strerror(errno)))",
                remedy: "check auth.token_files and the file's permissions")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Self.largest + 1)
        var filled = 0
        while filled < bytes.count {
            let start = filled
            let count = bytes.withUnsafeMutableBytes { raw in
                readBytes(descriptor, into: UnsafeMutableRawBufferPointer(rebasing: raw[start...]))
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw ServingError(
                    place: path, fault: "cannot be read: \(String(cString: strerror(errno)))",
                    remedy: "check auth.token_files and the file's permissions")
            }
            if count == 0 { break }
            filled += count
        }
        guard filled <= Self.largest else {
            throw ServingError(
                place: path, fault: "larger than \(Self.largest) bytes",
                remedy: "give a file with one token a line")
        }
        return Array(bytes.prefix(filled))
    }
}

/// `read(2)` under a name that no member shadows.
private func readBytes(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    read(descriptor, buffer.baseAddress, buffer.count)
}
