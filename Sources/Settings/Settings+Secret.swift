#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension Settings {
    /// A credential: where it comes from, never what it is, unless asked by `reveal`.
    ///
    /// Printing, dumping or interpolating one shows `shown`.
    public struct Secret: Sendable, Equatable {
        enum Source: Sendable, Equatable {
            case unset
            case file(String)
            /// The text as configured, which may be shown, and with its `${env:NAME}` expanded.
            case expanded(template: String, value: String)
            case inline(String)
        }

        /// Larger files hold no credential.
        static let largest = 64 * 1024

        let source: Source

        /// No credential.
        public static let unset = Secret(source: .unset)

        /// One that stands in a file, read anew by each `reveal`.
        public static func file(_ path: String) -> Secret { Secret(source: .file(path)) }

        /// One that is known already.
        public static func inline(_ value: String) -> Secret { Secret(source: .inline(value)) }

        /// One that is no secret in truth and may be shown.
        public static func visible(_ text: String) -> Secret {
            Secret(source: .expanded(template: text, value: text))
        }

        public var isSet: Bool { source != .unset }

        /// The file that holds it; nil for other sources.
        public var path: String? {
            if case .file(let path) = source { path } else { nil }
        }

        /// The credential without the line break that ends its file; empty when
        /// unset. Reads a file anew each time, so that a rotated one counts at once;
        /// blocks for it.
        public func reveal() throws(SecretUnreadable) -> String {
            switch source {
            case .unset: return ""
            case .expanded(_, let value), .inline(let value): return value
            case .file(let path):
                let text = try Self.read(path)
                guard !text.isEmpty else { throw SecretUnreadable(path: path, why: "it is empty") }
                return text
            }
        }

        /// What may be shown: the file's path, the text with `${env:NAME}` in it, or `(hidden)`.
        public var shown: String {
            switch source {
            case .unset: ""
            case .file(let path): path
            case .expanded(let template, _): template
            case .inline: "(hidden)"
            }
        }

        private static func read(_ path: String) throws(SecretUnreadable) -> String {
            let file = open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else {
                throw SecretUnreadable(path: path, why: String(cString: strerror(errno)))
            }
            defer { close(file) }
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = fill(&chunk, from: file)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else {
                    throw SecretUnreadable(path: path, why: String(cString: strerror(errno)))
                }
                if count == 0 { break }
                bytes += chunk.prefix(count)
                guard bytes.count <= largest else {
                    throw SecretUnreadable(path: path, why: "it is larger than 64KiB")
                }
            }
            while let last = bytes.last, last == 0x0A || last == 0x0D { bytes.removeLast() }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw SecretUnreadable(path: path, why: "it is not UTF-8 text")
            }
            return text
        }
    }

}

/// `read(2)` under a name that no member shadows.
private func fill(_ chunk: inout [UInt8], from file: Int32) -> Int {
    chunk.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
}

extension Settings.Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    public var description: String { shown }
    public var debugDescription: String { shown }
    public var customMirror: Mirror { Mirror(self, children: ["shown": shown]) }
}

/// A credential's file that cannot be read; names the file, never its content.
public struct SecretUnreadable: Error, Sendable, Equatable, CustomStringConvertible {
    public let path: String
    public let why: String

    public var description: String { "\(path) cannot be read: \(why)" }
}
