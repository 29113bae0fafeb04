import Core
import Secrets

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension MappingReader {
    /// Reads the path of a readable file; empty when absent.
    func file(_ key: String) -> String {
        declare(key, "file")
        let path = plain(key, "")
        if !path.isEmpty { checkFile(path, at: self.path(key)) }
        return path
    }

    /// Reads the path of a readable folder; empty when absent.
    func folder(_ key: String) -> String {
        declare(key, "folder")
        let path = plain(key, "")
        guard !path.isEmpty else { return path }
        switch Self.kind(of: path) {
        case .folder where access(path, R_OK | X_OK) == 0: break
        case .folder:
            fault(
                key, "the folder \(InertText.quoted(path)) cannot be read", "check its permissions")
        case .file, .special:
            fault(key, "\(InertText.quoted(path)) is a file", "name the folder that holds it")
        case .missing(let why):
            fault(
                key, "\(InertText.quoted(path)): \(why)", "make the folder, or leave the key empty")
        }
        return path
    }

    /// Reports a fault unless a readable file exists at `file`.
    ///
    /// The text of a missing file is repeated only if it is clearly a path: it may be the secret
    /// itself.
    func checkSecretFile(_ file: String, at path: String) {
        if case .missing = Self.kind(of: file), !ShownText.isPath(file) {
            return context.fault(
                path, "names no file (the text is not shown, it may be a secret)",
                "write the secret into a file, and give that file's path here")
        }
        checkFile(file, at: path)
    }

    func checkFile(_ file: String, at path: String) {
        switch Self.kind(of: file) {
        case .file where access(file, R_OK) == 0: break
        case .file:
            context.fault(
                path, "the file \(InertText.quoted(file)) cannot be read",
                "let the user that runs bellwether read it")
        case .folder:
            context.fault(path, "\(InertText.quoted(file)) is a folder", "name a file in it")
        case .special:
            // Reading a device or a pipe can block forever.
            context.fault(path, "\(InertText.quoted(file)) is a device or a pipe", "name a file")
        case .missing(let why):
            context.fault(
                path, "\(InertText.quoted(file)): \(why)", "make the file, or correct the path")
        }
    }

    /// Reads a credential from `key`, with `${env:NAME}` expanded, or from the file named by
    /// `key_file`.
    ///
    /// A literal credential is a fault unless `allow_inline_secrets` is set.
    ///
    /// - Parameter isPublic: Whether a literal value is not a secret, such as a webhook on this
    ///   machine.
    func secret(_ key: String, isPublic: (String) -> Bool = { _ in false }) -> Secret {
        let fileKey = "\(key)_file"
        declare(key, "secret", range: "as `${env:NAME}`")
        declare(fileKey, "file of a secret")
        let file = plain(fileKey, "")
        guard let text = text(key), !text.isEmpty else {
            return secret(file: fileKey)
        }
        if !file.isEmpty {
            fault(fileKey, "given beside \(key)", "keep one of the two", atKey: true)
        }
        if text.contains("${") {
            guard let value = expand(text, at: path(key)) else { return .unset }
            if value.isEmpty { fault(key, "expands to nothing", "set the variable") }
            return .expanded(text, value: value)
        }
        if isPublic(text) { return .visible(text) }
        if !context.allowsInlineSecrets {
            fault(
                key, "a secret written into the configuration",
                "use \(fileKey): PATH or ${env:NAME}; allow_inline_secrets: true permits it")
        }
        return .value(text)
    }

    /// Reads the path of a credential file, and checks that the file holds a valid secret.
    func secret(file key: String) -> Secret {
        declare(key, "file of a secret")
        let file = plain(key, "")
        guard !file.isEmpty else { return .unset }
        checkSecretFile(file, at: path(key))
        if !context.hasFault(at: path(key)) {
            do throws(SecretFault) {
                _ = try Secret.file(file).read()
            } catch {
                fault(
                    key, "\(InertText.quoted(ShownText.file(file))): \(error.fault)",
                    "put the secret, and nothing else, into it")
            }
        }
        return .file(file)
    }

    private enum FileKind {
        case file
        case folder
        case special
        case missing(String)
    }

    private static func kind(of path: String) -> FileKind {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return .missing(String(cString: strerror(errno))) }
        switch facts.st_mode & S_IFMT {
        case S_IFDIR: return .folder
        case S_IFREG: return .file
        default: return .special
        }
    }
}
