/// A fault of a template file or folder.
///
/// The built-in template is used until the fault is fixed, so no message is lost.
public struct TemplateFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// Path of the file or folder.
    public let file: String
    /// The line, from 1; nil when the fault concerns the whole file.
    public let line: Int?
    public let fault: String
    public let remedy: String

    public var description: String {
        "\(file)\(line.map { ":\($0)" } ?? ""): \(fault); \(remedy)"
    }
}
