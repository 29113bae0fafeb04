import Core

/// One error or warning about a configuration.
public struct SettingsFault: Sendable, Equatable, CustomStringConvertible {
    /// The file's path as given; `embedded` for the defaults.
    public var file: String
    /// From 1; 0 if the fault has no position in the file.
    public var line: Int
    public var column: Int
    /// The key's path, such as `analysis.checks[0].warn`; empty for the whole file.
    public var key: String
    public var fault: String
    /// What to write instead.
    public var remedy: String

    public init(
        file: String, line: Int, column: Int, key: String, fault: String, remedy: String
    ) {
        self.file = file
        self.line = line
        self.column = column
        self.key = key
        self.fault = fault
        self.remedy = remedy
    }

    /// The fault in one line, for example: `bellwether.yaml:12:5: analysis.budget: "5q" is not a
    /// duration; write 500ms, 10s, 5m, 7d`
    public var description: String {
        var place = InertText.terminal(file, limit: 1024)
        if line > 0 { place += ":\(line):\(column)" }
        let subject = key.isEmpty ? "" : "\(InertText.terminal(key, limit: 200)): "
        return "\(place): \(subject)\(fault)" + (remedy.isEmpty ? "" : "; \(remedy)")
    }
}

/// All errors of a configuration, in file order.
public struct SettingsFaults: Error, Sendable, Equatable, CustomStringConvertible {
    public var faults: [SettingsFault]

    public init(_ faults: [SettingsFault]) { self.faults = faults }

    /// The faults, one per line.
    public var description: String { faults.map(\.description).joined(separator: "\n") }
}
