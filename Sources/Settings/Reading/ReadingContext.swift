import Core

/// Collects the faults and warnings of one configuration. Not thread-safe.
final class ReadingContext {
    let file: String
    let environment: [String: String]
    var allowsInlineSecrets = false
    /// Nil unless the keys themselves are wanted.
    var declarations: KeyDeclarations?
    private let document: YAMLDocument
    private(set) var faults: [SettingsFault] = []
    private(set) var warnings: [SettingsFault] = []

    init(file: String, environment: [String: String], document: YAMLDocument) {
        self.file = file
        self.environment = environment
        self.document = document
        for fault in document.faults {
            faults.append(
                SettingsFault(
                    file: file, line: fault.place?.line ?? 0, column: fault.place?.column ?? 0,
                    key: fault.path, fault: fault.fault, remedy: fault.remedy))
        }
    }

    /// - Parameter atKey: Whether to report the position of the key instead of that of its value.
    func fault(_ path: String, _ fault: String, _ remedy: String, atKey: Bool = false) {
        faults.append(entry(path, fault, remedy, atKey: atKey))
    }

    func warn(_ path: String, _ fault: String, _ remedy: String) {
        warnings.append(entry(path, fault, remedy, atKey: false))
    }

    func hasFault(at path: String) -> Bool { faults.contains { $0.key == path } }

    /// Whether a list or a mapping, or something in it, has a fault.
    func hasFault(within path: String) -> Bool {
        hasFault(at: path)
            || faults.contains { $0.key.hasPrefix("\(path)[") || $0.key.hasPrefix("\(path).") }
    }

    /// Sorts faults by their position in the file; faults without a position come last.
    static func ordered(_ faults: [SettingsFault]) -> [SettingsFault] {
        faults.enumerated().sorted { a, b in
            let (x, y) = (a.element, b.element)
            if (x.line == 0) != (y.line == 0) { return y.line == 0 }
            return (x.line, x.column, a.offset) < (y.line, y.column, b.offset)
        }.map(\.element)
    }

    private func entry(
        _ path: String, _ fault: String, _ remedy: String, atKey: Bool
    ) -> SettingsFault {
        let place = place(of: path, atKey: atKey)
        // A message can contain names from the file or the environment: escape them.
        return SettingsFault(
            file: file, line: place?.line ?? 0, column: place?.column ?? 0, key: path,
            fault: InertText.terminal(fault), remedy: InertText.terminal(remedy))
    }

    /// Returns the position of the path, or of its nearest ancestor that has one.
    private func place(of path: String, atKey: Bool) -> YAMLPlace? {
        var path = Substring(path)
        var atKey = atKey
        while true {
            let text = String(path)
            if atKey, let place = document.keyPlaces[text] { return place }
            if let place = document.places[text] { return place }
            guard !path.isEmpty else { return nil }
            path = path.prefix(upTo: path.lastIndex { $0 == "." || $0 == "[" } ?? path.startIndex)
            atKey = true
        }
    }
}
