/// Addresses, file names and arguments as they may be shown to people: without the secrets that
/// they may carry.
public enum ShownText {
    /// Stands in the place of a value that is not shown.
    public static let hidden = "(hidden)"

    /// A URL without its user part, and without the values in its path, query and fragment that
    /// may be secrets: by the name of the parameter, or by how the value looks.
    public static func url(_ text: String) -> String {
        guard let colon = text.firstRange(of: "://") else {
            // No address: it may be anything, such as a token at the wrong key.
            return text.contains("@") || looksLikeToken(text) ? hidden : text
        }
        var rest = text[colon.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        // A password may hold any of these when it was not encoded: what stands before the last
        // `@` of the whole text is hidden.
        var shown = String(text[..<colon.upperBound])
        if let at = rest.lastIndex(of: "@"), at < end || rest[..<at].contains(":") {
            shown += hidden + "@"
            rest = rest[rest.index(after: at)...]
        }
        let start = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        shown += rest[..<start]
        let behind = rest[start...]
        let mark = behind.firstIndex { "?#".contains($0) } ?? behind.endIndex
        shown += behind[..<mark].split(separator: "/", omittingEmptySubsequences: false)
            .map { looksLikeToken(String($0)) ? hidden : String($0) }.joined(separator: "/")
        return shown + query(behind[mark...])
    }

    /// Query and fragment, with the mark that begins them.
    private static func query(_ text: Substring) -> String {
        guard let mark = text.first else { return "" }
        return String(mark)
            + text.dropFirst().split(separator: "&", omittingEmptySubsequences: false).map {
                let pair = $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard pair.count == 2 else {
                    return looksLikeToken(String($0)) ? hidden : String($0)
                }
                let isSecret = namesSecret(String(pair[0])) || looksLikeToken(String(pair[1]))
                return "\(pair[0])=\(isSecret && !pair[1].isEmpty ? hidden : String(pair[1]))"
            }.joined(separator: "&")
    }

    /// A command: the executable, and for each argument that there is one.
    public static func command(_ command: [String]) -> [String] {
        command.prefix(1) + command.dropFirst().map { _ in hidden }
    }

    /// The name of a file that holds a secret; `hidden` for a text that is not plainly a path,
    /// since it may be the secret itself at the wrong key.
    public static func file(_ path: String) -> String { isPath(path) ? path : hidden }

    /// Whether a text is plainly a path: it begins with `/`, `./` or `../`, and is not one long
    /// random word.
    public static func isPath(_ text: String) -> Bool {
        if text.hasPrefix("./") || text.hasPrefix("../") { return true }
        guard text.hasPrefix("/") else { return false }
        return text.dropFirst().contains("/") || !looksLikeToken(String(text.dropFirst()))
    }

    // MARK: - What is a secret

    private static let secretNames = [
        "token", "key", "secret", "pass", "pwd", "auth", "sig", "cred", "session", "jwt", "code",
    ]

    private static func namesSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return secretNames.contains { name.contains($0) }
    }

    private static let prefixes = ["bw_", "xox", "ghp_", "gho_", "glpat-", "sk-", "sk_", "eyJ"]

    /// Whether a word looks random: a known beginning, 32 hexadecimal digits, or 20 characters
    /// with small and capital letters and digits among them.
    static func looksLikeToken(_ text: String) -> Bool {
        let bytes = text.utf8
        if bytes.count >= 8, prefixes.contains(where: { text.hasPrefix($0) }) { return true }
        if bytes.count >= 32, bytes.allSatisfy({ isHex($0) }) { return true }
        guard bytes.count >= 20 else { return false }
        return bytes.contains { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
            && bytes.contains { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
            && bytes.contains { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
