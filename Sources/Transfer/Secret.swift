#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where a credential comes from. Printing one never shows the credential.
///
/// A file is read anew on every use, so that a rotated secret works at once.
public enum Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    case value(String)
    case file(String)
    /// An environment variable's name.
    case environment(String)

    public var description: String {
        switch self {
        case .value: "(a secret)"
        case .file(let path): "file \(path)"
        case .environment(let name): "environment variable \(name)"
        }
    }

    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// The credential, white space around it removed; never empty.
    public func read() throws(SecretError) -> String {
        let text: String
        switch self {
        case .value(let value): text = value
        case .file(let path): text = try SecretFile.read(path)
        case .environment(let name):
            guard let value = getenv(name) else {
                throw SecretError(source: description, fault: "it is not set")
            }
            text = String(cString: value)
        }
        let trimmed = text.trimmed
        guard !trimmed.isEmpty else { throw SecretError(source: description, fault: "it is empty") }
        return trimmed
    }
}

/// A credential that cannot be had. Names its source, never its content.
public struct SecretError: Error, Sendable, Equatable, CustomStringConvertible {
    public let source: String
    public let fault: String

    public var description: String {
        "\(source): \(fault); put the secret there and make it readable to this process"
    }
}

/// A file that holds one credential.
public enum SecretFile {
    /// Its text without white space around; at most 64 KiB of UTF-8, never empty.
    public static func read(_ path: String) throws(SecretError) -> String {
        let source = "file \(path)"
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw SecretError(source: source, fault: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64 * 1024)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                Glue.read(descriptor, UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
            }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else {
                throw SecretError(source: source, fault: String(cString: strerror(errno)))
            }
            if got == 0 { break }
            count += got
        }
        guard let text = String(validating: bytes[..<count], as: UTF8.self)?.trimmed else {
            throw SecretError(source: source, fault: "it is not UTF-8 text")
        }
        guard !text.isEmpty else { throw SecretError(source: source, fault: "it is empty") }
        return text
    }

    /// `read(2)`, whose name the enclosing function hides.
    private enum Glue {
        static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
            #if canImport(Glibc)
                Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            #elseif canImport(Musl)
                Musl.read(descriptor, buffer.baseAddress, buffer.count)
            #else
                Darwin.read(descriptor, buffer.baseAddress, buffer.count)
            #endif
        }
    }
}
