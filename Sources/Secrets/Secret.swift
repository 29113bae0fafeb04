/// Where a credential comes from: never what it is, unless it is asked to `read`.
/// Printing, dumping or interpolating one shows `shown`.
///
/// A file is read anew on every use, so that a rotated secret works at once.
public struct Secret: Sendable, Hashable {
    private enum Source: Sendable, Hashable {
        case unset
        case file(String)
        /// The text as configured, which may be shown, and with its variables expanded.
        case expanded(template: String, value: String)
        case value(String)
    }

    private let source: Source

    /// No credential.
    public static let unset = Secret(source: .unset)

    /// One that stands in a file.
    public static func file(_ path: String) -> Secret { Secret(source: .file(path)) }

    /// One that is known already.
    public static func value(_ value: String) -> Secret { Secret(source: .value(value)) }

    /// One that is no secret in truth and may be shown.
    public static func visible(_ text: String) -> Secret {
        Secret(source: .expanded(template: text, value: text))
    }

    /// One that is known already, and what may be shown in its place, such as the
    /// name of the variable that it stands in.
    public static func expanded(_ template: String, value: String) -> Secret {
        Secret(source: .expanded(template: template, value: value))
    }

    public var isSet: Bool { source != .unset }

    /// The file that holds it; nil for other sources.
    public var path: String? {
        if case .file(let path) = source { path } else { nil }
    }

    /// The credential, white space around it removed; one line, never empty. Blocks for a file.
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

    /// What may be shown: the file's path where it is plainly one, the text with `${env:NAME}` in it, or `(hidden)`.
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

/// A credential that cannot be had. Names its source, never its content.
public struct SecretFault: Error, Sendable, Equatable, CustomStringConvertible {
    public let source: String
    public let fault: String

    public var description: String {
        "\(source): \(fault); put the secret there and make it readable to this process"
    }
}
