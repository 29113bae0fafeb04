/// The source of a credential. Only `read` returns the credential itself.
///
/// Printing, dumping or interpolating one yields `shown`. A file is read at every
/// use, so that a rotated secret takes effect at once.
public struct Secret: Sendable, Hashable {
    private enum Source: Sendable, Hashable {
        case unset
        case file(String)
        /// The text as configured, which may be shown, and the text with variables expanded.
        case expanded(template: String, value: String)
        case value(String)
    }

    private let source: Source

    /// No credential.
    public static let unset = Secret(source: .unset)

    /// A credential in a file.
    public static func file(_ path: String) -> Secret { Secret(source: .file(path)) }

    /// A credential in memory.
    public static func value(_ value: String) -> Secret { Secret(source: .value(value)) }

    /// A text that is not secret and may be shown.
    public static func visible(_ text: String) -> Secret {
        Secret(source: .expanded(template: text, value: text))
    }

    /// A credential in memory, and the text to show instead, such as the name of
    /// the environment variable that contains it.
    public static func expanded(_ template: String, value: String) -> Secret {
        Secret(source: .expanded(template: template, value: value))
    }

    public var isSet: Bool { source != .unset }

    /// Whether it is a text that may be shown as it is.
    public var isPublic: Bool {
        if case .expanded(let template, let value) = source { template == value } else { false }
    }

    /// The path of the file that contains it; nil for other sources.
    public var path: String? {
        if case .file(let path) = source { path } else { nil }
    }

    /// The text of `visible`; nil for a credential and for a text with variables in it.
    public var visibleText: String? {
        guard case .expanded(let template, let value) = source, template == value else {
            return nil
        }
        return value
    }

    /// Returns the credential without surrounding white space: one line, never empty.
    ///
    /// Blocks while it reads a file. Throws if the source is unset, unreadable or empty.
    public func read() throws(SecretFault) -> String {
        switch source {
        case .unset: throw SecretFault(source: "a secret", fault: "it is not configured")
        case .file(let path): return try SecretFile.read(path)
        case .expanded(_, let value), .value(let value):
            let text = SecretFile.trimmed(value)
            if let fault = SecretFile.fault(in: text) {
                throw SecretFault(source: "a secret", fault: fault)
            }
            return text
        }
    }

    /// The text to show: the path of the file if it is plainly a path, the text with
    /// `${env:NAME}` in it, `(hidden)`, or an empty text if unset.
    public var shown: String {
        switch source {
        case .unset: ""
        case .file(let path): ShownText.file(path)
        case .expanded(let template, _): template
        case .value: "(hidden)"
        }
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { shown }
    public var debugDescription: String { shown }
    public var customMirror: Mirror { Mirror(self, children: ["shown": shown]) }
}

/// A credential cannot be read. Contains its source, never its content.
public struct SecretFault: Error, Sendable, Equatable, CustomStringConvertible {
    public let source: String
    public let fault: String

    public var description: String {
        "\(source): \(fault); put the secret there and make it readable to this process"
    }
}
