import Events

/// Ids in a form that is safe in headers, message ids, environment variables and file names.
enum IdentifierText {
    /// Returns the id itself if it has 1 to 100 letters, digits, `.`, `_` or `-` and starts with a
    /// letter or digit; otherwise `sha256-` and its SHA-256.
    static func safe(_ id: String) -> String {
        let bytes = Array(id.utf8)
        let plain = bytes.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
        guard plain, bytes.count <= 100, let first = bytes.first, isAlphanumeric(first) else {
            return "sha256-" + ContentHash.hex(bytes)
        }
        return id
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}
