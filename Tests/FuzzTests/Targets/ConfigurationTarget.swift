import Settings

/// A configuration is read, or refused with positions that exist in it. Accepted settings are
/// described and read back unchanged.
enum ConfigurationTarget {
    private static let environment = [
        "TOKEN": "t0p-s3cret", "HOST": "gw-b2", "EMPTY": "",
        "HOOK": "https://hooks.slack.com/services/T/B/x",
    ]

    static func run(_ input: [UInt8]) throws {
        guard let text = String(validating: input, as: UTF8.self) else { return }
        let settings: Settings
        do throws(SettingsFaults) {
            settings = try Settings.parse(text: text, environment: environment)
        } catch {
            return try check(error, text)
        }
        let shown = settings.describe()
        try require(!shown.contains("t0p-s3cret"), "a secret is shown: \(shown)")
        // Hidden values cannot be read back.
        if shown.contains("(hidden)") { return }
        let again = Result { () throws(SettingsFaults) in
            try Settings.parse(text: shown, environment: environment)
        }
        try require(again == .success(settings), "shown as\n\(shown)\nread again as \(again)")
    }

    private static func check(_ faults: SettingsFaults, _ text: String) throws {
        try require(!faults.faults.isEmpty, "refused without a fault")
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.count
        for fault in faults.faults {
            try require(
                (0...lines + 1).contains(fault.line), "line \(fault.line) of \(lines): \(fault)")
            try require(
                !fault.description.unicodeScalars.contains {
                    $0.properties.generalCategory == .control
                }, "control characters in \(fault.description.debugDescription)")
        }
    }
}
