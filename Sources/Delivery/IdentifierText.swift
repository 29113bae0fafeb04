import Core
import Events

/// Ids in a form that is safe in headers, message ids, environment variables and file names.
enum IdentifierText {
    /// Returns the id itself if `InertText.isIdentifier`; otherwise `sha256-` and its SHA-256.
    static func safe(_ id: String) -> String {
        InertText.isIdentifier(id) ? id : "sha256-" + ContentHash.hex(id.utf8)
    }
}
