import Core
import Events

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file of tokens, one per line, such as a mounted Secret with `current` and `next`.
///
/// Blank lines and lines that begin with `#` are skipped.
public struct TokenFile: Sendable, Hashable {
    public var path: String
    /// The name given to callers who use these tokens.
    public var name: String
    public var scopes: Set<Scope>

    public init(path: String, name: String, scopes: Set<Scope>) {
        self.path = path
        self.name = name
        self.scopes = scopes
    }

    /// The minimum length of a token in bytes; shorter ones could be guessed.
    static let shortest = 16
    /// The maximum file size in bytes.
    static let largest = 64 * 1024

    /// The result of reading the file.
    struct Reading: Sendable {
        /// The tokens' hashes and records. Empty if the file is missing or access is denied; nil if
        /// it cannot be read for another reason.
        var entries: [TokenSnapshot.Entry]?
        /// All faults of the file.
        var faults: [ServerError] = []
        /// The first fault.
        var fault: ServerError? { faults.first }
    }

    /// All faults of the file as it is now. Blocks.
    public func faults() -> [ServerError] { read(at: WallClock.system.now).faults }

    /// Reads the file. Too short tokens are skipped and reported as faults. Blocks.
    func read(at now: Timestamp) -> Reading {
        var bytes: ArraySlice<UInt8>
        do throws(BoundedFile.Fault) {
            bytes = try BoundedFile(reading: path, limit: Self.largest).bytes[...]
        } catch {
            switch error {
            case .system(let fault):
                // Without the file its tokens end. Other faults, such as a lack of descriptors or a
                // failing disk, may pass.
                let isGone = [ENOENT, ENOTDIR, EACCES].contains(fault.code)
                return Reading(
                    entries: isGone ? [] : nil,
                    faults: [
                        ServerError(
                            place: path, fault: "cannot be read: \(fault.reason)",
                            remedy: "check auth.token_files and the file's permissions")
                    ])
            case .tooLarge, .notRegular:
                return Reading(
                    entries: nil,
                    faults: [
                        ServerError(
                            place: path, fault: "larger than \(Self.largest) bytes",
                            remedy: "give a file with one token a line")
                    ])
            }
        }
        // Some editors write a byte order mark; it is not part of the first line.
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
}
