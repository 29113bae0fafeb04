/// What is collected while one configuration is read. Used by one reader in one thread.
final class ReadingContext {
    let file: String
    let environment: [String: String]
    var allowsInlineSecrets = false
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

    /// - Parameter atKey: Points at the key instead of its value.
    func fault(_ path: String, _ fault: String, _ remedy: String, atKey: Bool = false) {
        faults.append(entry(path, fault, remedy, atKey: atKey))
    }

    func warn(_ path: String, _ fault: String, _ remedy: String) {
        warnings.append(entry(path, fault, remedy, atKey: false))
    }

    func hasFault(at path: String) -> Bool { faults.contains { $0.key == path } }

    /// Whether a list or one of its elements has a fault.
    func hasFault(within list: String) -> Bool {
        hasFault(at: list) || faults.contains { $0.key.hasPrefix("\(list)[") }
    }

    /// In the order of the file, those without a place last.
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
        // Whatever names of the file's own they hold, and wherever those come from.
        return SettingsFault(
            file: file, line: place?.line ?? 0, column: place?.column ?? 0, key: path,
            fault: fault.inert(upTo: .max), remedy: remedy.inert(upTo: .max))
    }

    /// The path's own place, else that of the nearest path around it.
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

extension String {
    /// A configured text inside a message: in quotes, cut, and inert on a terminal.
    var quoted: String { "\"" + inert(upTo: 80) + "\"" }

    /// The text with what could act on a terminal written as `\u{…}`, cut to
    /// `limit` scalars.
    func inert(upTo limit: Int) -> String {
        var out = ""
        for scalar in unicodeScalars.prefix(limit) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
                .unassigned:
                out += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + (unicodeScalars.count > limit ? "…" : "")
    }
}
