/// What is wrong with a template file. The built-in text stands for the
/// template until it is mended; no message is lost by it.
public struct TemplateFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// Path of the file or folder.
    public let file: String
    /// From 1; nil when it concerns the whole file.
    public let line: Int?
    public let fault: String
    public let remedy: String

    public var description: String {
        "\(file)\(line.map { ":\($0)" } ?? ""): \(fault); \(remedy)"
    }
}
