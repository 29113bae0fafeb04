import Core

/// Removes secrets from addresses, file names and arguments that are shown to people.
public enum ShownText {
    /// The replacement for a value that is not shown.
    public static let hidden = "(hidden)"

    /// A URL without its user part and without possible secrets in its path, query and fragment.
    ///
    /// Values are hidden if the name of the parameter indicates a secret, or if they look like
    /// a token.
    public static func url(_ text: String) -> String {
        guard let colon = text.firstRange(of: "://") else {
            // Not a URL: it may be anything, such as a token at the wrong key.
            return text.contains("@") || looksLikeToken(text) ? hidden : text
        }
        var rest = text[colon.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        // A password that is not encoded may contain any of these characters, so everything
        // before the last `@` of the text is hidden.
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

    /// Hides secrets in a query and a fragment, given with the leading `?` or `#`.
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

    /// A command with its executable; each argument is replaced by `hidden`.
    public static func command(_ command: [String]) -> [String] {
        command.prefix(1) + command.dropFirst().map { _ in hidden }
    }

    /// The path of a file that contains a secret. A text that is not plainly a path becomes
    /// `hidden`, because it may be the secret itself at the wrong key.
    public static func file(_ path: String) -> String { isPath(path) ? path : hidden }

    /// Whether a text is plainly a path: it begins with `./`, `../` or `/`. After a single `/`
    /// it must not look like a token.
    public static func isPath(_ text: String) -> Bool {
        if text.hasPrefix("./") || text.hasPrefix("../") { return true }
        guard text.hasPrefix("/") else { return false }
        return text.dropFirst().contains("/") || !looksLikeToken(String(text.dropFirst()))
    }

    // MARK: - Detecting secrets

    private static let secretNames = [
        "token", "key", "secret", "pass", "pwd", "auth", "sig", "cred", "session", "jwt", "code",
    ]

    private static func namesSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return secretNames.contains { name.contains($0) }
    }

    private static let prefixes = ["bw_", "xox", "ghp_", "gho_", "glpat-", "sk-", "sk_", "eyJ"]

    /// Whether a word looks like a token.
    ///
    /// True for a known prefix and at least 8 bytes, for at least 32 bytes of only hexadecimal
    /// digits, and for at least 20 bytes with lower-case letters, capital letters and digits.
    static func looksLikeToken(_ text: String) -> Bool {
        let bytes = text.utf8
        if bytes.count >= 8, prefixes.contains(where: { text.hasPrefix($0) }) { return true }
        if bytes.count >= 32, bytes.allSatisfy({ $0.hexValue != nil }) { return true }
        guard bytes.count >= 20 else { return false }
        return bytes.contains { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
            && bytes.contains { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
            && bytes.contains { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
